from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.migrations.autodetector import MigrationAutodetector


class Command(BaseCommand):
    """Django's own would migrate public alone, or one workspace after the other for minutes."""

    help = "The same as `fleet migrate`, which knows all workspaces; it takes no names."
    requires_system_checks: list[str] = []
    autodetector = MigrationAutodetector  # Django's checks ask every `migrate` for it

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", help="not taken: versions move as a whole")

    def handle(self, *_: Any, names: list[str], **__: Any) -> None:
        if names:
            raise CommandError(
                "All workspaces move together, from version to version: `fleet migrate` goes "
                "on, `fleet rollback` goes back, `fleet plan` shows what would be done."
            )
        call_command("fleet", "migrate", stdout=self.stdout, stderr=self.stderr)
