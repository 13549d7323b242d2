from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.management.base import OutputWrapper

from apps.payments.management.arguments import hours
from apps.payments.services import endpoints

HELP = "where Stripe sends its events: list, ensure, create, rotate, remove"


def add_arguments(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb")
    verbs.add_parser("list", help="those there are (without a verb, too)")
    verbs.add_parser("ensure", help="one at our address for all declared events; safe to repeat")
    verbs.add_parser("create", help="one more")
    rotate = verbs.add_parser("rotate", help="a new one; those there are go later")
    rotate.add_argument(
        "--overlap", type=hours, default="24", metavar="HOURS",
        help="in which both count, 24 without a choice; 0 where others know the old secret",
    )  # fmt: skip
    verbs.add_parser("remove", help="one, at Stripe and here").add_argument("id")


def run(out: OutputWrapper, *, verb: str | None, **options: Any) -> None:
    VERBS[verb or "list"](out, **options)


def _list(out: OutputWrapper, **_: Any) -> None:
    endpoints.watch()
    for row in endpoints.ours():
        until = endpoints.retires_at(row)
        end = f"  until {until:%Y-%m-%d %H:%M} UTC" if until else ""
        out.write(f"{row.id}  {row.status:<8}  {len(row.enabled_events)} events  {row.url}{end}")


def _ensure(out: OutputWrapper, **_: Any) -> None:
    found = endpoints.ensure(by=None)
    out.write(f"{found.endpoint.id}  {found.did or 'unchanged'}  {found.endpoint.url}")


def _create(out: OutputWrapper, **_: Any) -> None:
    row = endpoints.create(by=None)
    out.write(f"{row.id}  created  {row.url}")


def _rotate(out: OutputWrapper, *, overlap: timedelta, **_: Any) -> None:
    row = endpoints.rotate(by=None, overlap=overlap)
    number = overlap / timedelta(hours=1)
    out.write(f"{row.id}  created  {row.url}; the others go in {number:g} hours")


def _remove(out: OutputWrapper, *, id: str, **_: Any) -> None:  # noqa: A002 -- the command's argument
    endpoints.remove(endpoint=endpoints.find(id), by=None)
    out.write(f"{id}  removed")


VERBS: dict[str, Callable[..., None]] = {
    "list": _list, "ensure": _ensure, "create": _create, "rotate": _rotate, "remove": _remove,
}  # fmt: skip
