from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import DomainError
from apps.webhooks import signatures
from apps.webhooks.services import operator_alerts


class Command(BaseCommand):
    help = "The operators' own server that is told of failing jobs and late schedules."

    def add_arguments(self, parser: CommandParser) -> None:
        deed = parser.add_mutually_exclusive_group()
        deed.add_argument("--test", action="store_true", help="send it a message now")
        deed.add_argument("--secret", action="store_true", help="print a new secret")

    def handle(self, *_: Any, test: bool, secret: bool, **options: Any) -> None:  # noqa: ARG002
        if secret:
            self.stdout.write(signatures.new_secret())
        elif test:
            self._test()
        else:
            self.stdout.write(settings.OPERATOR_WEBHOOK_URL or "OPERATOR_WEBHOOK_URL is not set.")

    def _test(self) -> None:
        try:
            status = operator_alerts.send_test()["status"]
        except DomainError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(f"Taken, with {status}.")
