"""What spoils sign-ins, kept for whoever has to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone
from django_tenants.utils import schema_context

from apps.sso.errors import IssuerUnusable, SsoFailed
from apps.sso.models import Connection

LENGTH = 300


@contextmanager
def noted(connection: Connection) -> Iterator[None]:
    """A failure inside, of the issuer's or of the set-up's, becomes the connection's last one."""
    try:
        yield
    except (IssuerUnusable, SsoFailed) as error:
        note(connection, error.detail)
        raise


def note(connection: Connection, detail: str) -> None:
    with schema_context("public"):
        Connection.objects.filter(pk=connection.pk).update(
            last_failed_at=timezone.now(), last_failure=detail[:LENGTH]
        )
