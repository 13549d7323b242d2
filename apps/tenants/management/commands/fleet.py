from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from apps.fleet.services import versions
from apps.tenants.models import Tenant
from apps.tenants.services import schemas


class Command(BaseCommand):
    help = "Bring the schemas of all workspaces up to date: `fleet migrate`."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["migrate"])

    def handle(self, *_: Any, **__: Any) -> None:
        versions.bring_up()
        failed = 0
        for tenant in Tenant.objects.exclude(state=Tenant.State.PROVISIONING):
            try:
                applied = schemas.migrate(schema_name=tenant.schema_name)
            except Error as error:
                failed += 1
                self.stderr.write(f"{tenant.slug}: {error}")
            else:
                self.stdout.write(f"{tenant.slug}: {applied} applied")
        if failed:
            raise CommandError(f"{failed} workspaces could not be migrated; run it again.")
