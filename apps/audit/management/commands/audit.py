from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.audit.models import AuditEntry
from apps.audit.services import entries


class Command(BaseCommand):
    help = "Check the audit chain: `audit verify [--workspace SCHEMA]`."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["verify"])
        parser.add_argument("--workspace", help="schema name; all when left out")

    def handle(self, *_: Any, **options: Any) -> None:
        schemas = (
            [options["workspace"]]
            if options["workspace"]
            else AuditEntry.objects.order_by("schema_name")
            .values_list("schema_name", flat=True)
            .distinct()
        )
        bad = 0
        for schema in schemas:
            found = list(entries.broken(schema_name=schema))
            bad += len(found)
            self.stdout.write(f"{schema}: {f'{len(found)} broken' if found else 'intact'}")
        if bad:
            raise CommandError(f"{bad} audit entries were changed, removed or inserted.")
