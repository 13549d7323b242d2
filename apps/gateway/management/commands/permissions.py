"""`manage.py permissions`: write what is made of the declared permissions anew."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.gateway import permission_documents


class Command(BaseCommand):
    help = "Writes docs/permissions.md and the front end's list of permissions anew."
    requires_system_checks: list[str] = []

    def handle(self, *_: Any, **__: Any) -> None:
        for path, text in permission_documents.documents().items():
            path.write_text(text)
            self.stdout.write(f"Wrote {path}")
