"""`manage.py billing documents`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from apps.payments.services import document_files, issuing

HELP = (
    "issue documents that are lacking (exit with 1 where one cannot be); --check reads every file"
)


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--check", action="store_true", help="exit with 1 where a stored file is not as issued"
    )


def run(out: OutputWrapper, *, check: bool, **_: Any) -> None:
    caught = issuing.catch_up()
    out.write(f"{caught.issued} issued, {caught.total} in all.")
    for row in caught.refused:
        out.write(f"{row} ({row.pk}) cannot be issued: the log says why.")
    if check:
        _check(out)
    if caught.refused:
        raise CommandError(f"{len(caught.refused)} cannot be issued.")


def _check(out: OutputWrapper) -> None:
    damaged = list(document_files.damaged())
    for error in damaged:
        out.write(error.detail)
    if damaged:
        raise CommandError(f"{len(damaged)} files are to be restored from a backup.")
    out.write("Every file is as it was issued.")
