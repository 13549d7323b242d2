"""`manage.py billing documents`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from apps.payments.errors import DocumentDamaged
from apps.payments.models import CreditNote, Invoice, IssuedDocument
from apps.payments.services import document_files, issuing

HELP = "issue documents that final invoices and credit notes lack; with --check, read every file"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--check", action="store_true", help="exit with 1 where a stored file is not as issued"
    )


def run(out: OutputWrapper, *, check: bool, **_: Any) -> None:
    lacking = [
        *Invoice.objects.final().filter(document__isnull=True).select_related("account"),
        *CreditNote.objects.filter(document__isnull=True).select_related("account"),
    ]
    refused = [row for row in lacking if issuing.issue(row) is None]
    out.write(f"{len(lacking) - len(refused)} issued, {IssuedDocument.objects.count()} in all.")
    for row in refused:
        out.write(f"{row} ({row.pk}) cannot be issued: the log says why.")
    if check:
        _check(out)


def _check(out: OutputWrapper) -> None:
    damaged = 0
    for issued in IssuedDocument.objects.exclude(sha256="").iterator():
        try:
            document_files.pdf(issued)
        except DocumentDamaged as error:
            damaged += 1
            out.write(error.detail)
    if damaged:
        raise CommandError(f"{damaged} files are to be restored from a backup.")
    out.write("Every file is as it was issued.")
