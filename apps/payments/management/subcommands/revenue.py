"""`manage.py billing revenue`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser, OutputWrapper

from apps.payments.services import recurring

HELP = "make the rows of monthly recurring revenue anew from subscriptions and invoices"


def add_arguments(parser: CommandParser) -> None:
    """It takes none."""


def run(out: OutputWrapper, **_: Any) -> None:
    number, mended = recurring.rebuild_all()
    out.write(f"Subscriptions: {number}. Not as their invoices say, and mended: {mended}.")
