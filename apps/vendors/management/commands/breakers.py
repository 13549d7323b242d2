"""`manage.py breakers [close|open <vendor>]`: circuits of outside services."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import DomainError
from apps.vendors.services import circuits


class Command(BaseCommand):
    help = "Show the circuit of every outside service, or close or open one by hand."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("deed", nargs="?", choices=["list", "close", "open"], default="list")
        parser.add_argument("vendor", nargs="?", default="")

    def handle(self, *_: Any, deed: str, vendor: str, **__: Any) -> None:
        try:
            if deed == "close":
                circuits.close(vendor=vendor, by=None)
            elif deed == "open":
                circuits.open_by_hand(vendor=vendor, by=None)
            for circuit in circuits.overview():
                self.stdout.write(_line(circuit))
        except DomainError as error:
            raise CommandError(error.detail) from error


def _line(circuit: circuits.Circuit) -> str:
    state = circuit.state
    retry = f", tried again at {state.retry_at:%H:%M:%S} UTC" if state.retry_at else ""
    held = ", by hand" if state.is_held else ""
    since = f" since {state.since:%Y-%m-%d %H:%M} UTC" if state.since else ""
    return (
        f"{state.vendor:<12} {state.state}{since}{held}{retry}, {state.failures} failures in a row"
    )
