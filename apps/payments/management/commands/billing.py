"""`manage.py billing …`: each module of `apps.payments.management.subcommands` is one of them."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import DomainError
from apps.payments.management import subcommands


class Command(BaseCommand):
    help = "What is sold and paid through Stripe."

    def add_arguments(self, parser: CommandParser) -> None:
        deeds = parser.add_subparsers(dest="deed", required=True)
        for found in pkgutil.iter_modules(subcommands.__path__):
            part = _part(found.name)
            text = f"{part.HELP[0].upper()}{part.HELP[1:]}."
            part.add_arguments(deeds.add_parser(found.name, help=part.HELP, description=text))

    def handle(self, *_: Any, deed: str, **options: Any) -> None:
        try:
            _part(deed).run(self.stdout, **options)
        except DomainError as error:
            raise CommandError(error.detail) from error


def _part(name: str) -> Any:
    return importlib.import_module(f"{subcommands.__name__}.{name}")
