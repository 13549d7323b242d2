from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.realtime import catalogue


class Command(BaseCommand):
    help = "The events as an AsyncAPI 3 document; also writes, or checks, the front end's types."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--asyncapi", action="store_true", help="print the document")
        parser.add_argument("--check", action="store_true", help="fail where the types are stale")

    def handle(self, *_: Any, **options: Any) -> None:
        if options["asyncapi"]:
            document = catalogue.asyncapi(url=settings.PUBLIC_URL)
            self.stdout.write(json.dumps(document, indent=2))
            return
        target = catalogue.TYPES
        made = catalogue.typescript()
        if target.exists() and target.read_text() == made:
            return
        if options["check"]:
            raise CommandError("frontend/src/api/events.ts is stale. Run `make clients`.")
        target.write_text(made)
        self.stdout.write(f"Wrote {target}")
