from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.core.errors import DomainError
from apps.roblox.services import demo


class Command(BaseCommand):
    help = "Make the demo workspace and the demo operator, once."

    def handle(self, *_: Any, **__: Any) -> None:
        if not settings.DEMO_PASSWORD:
            raise CommandError("DEMO_PASSWORD is not set; `make up` generates it.")
        try:
            tenant = demo.seed()
        except DomainError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(f"The demo workspace is at {tenant.url}")
