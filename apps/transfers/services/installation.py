"""Whose signature stands under our exports, and whose we believe."""

from __future__ import annotations

import base64
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, transaction
from django_tenants.utils import schema_context

from apps.audit.services import entries as audit
from apps.core.actors import label_of
from apps.transfers.format import keys
from apps.transfers.models import SigningKey, TrustedKey


def signing_key() -> Ed25519PrivateKey:
    """This installation's own, made when it is first asked for."""
    with schema_context("public"):
        held = SigningKey.objects.first() or _make()
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(held.private))


def public_key() -> str:
    """What another installation trusts to take our exports."""
    return keys.signer_text(signing_key())


def trusts(signer: str) -> bool:
    """Whether files signed so are taken in: our own, and those of installations added here."""
    with schema_context("public"):
        ours = SigningKey.objects.filter(public=signer).exists()
        return ours or TrustedKey.objects.filter(public=signer).exists()


def trust(*, public: str, name: str, by: Any) -> TrustedKey:
    """Take files of that installation from now on. Raises `BadKey`."""
    public = keys.check_signer(public)
    with schema_context("public"), transaction.atomic():
        label = label_of(by)
        key, made = TrustedKey.objects.get_or_create(
            public=public, defaults={"name": name.strip()[:100] or public, "added_by": label}
        )
        if made:
            _record("installation.trusted", key, by)
    return key


def distrust(*, key: TrustedKey, by: Any) -> None:
    """Take no more files of that installation; workspaces that came from it stay."""
    with schema_context("public"), transaction.atomic():
        _record("installation.distrusted", key, by)
        key.delete()


def _make() -> SigningKey:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('transfers.key', 815))")
        present = SigningKey.objects.first()
        if present is not None:
            return present
        key = keys.make_signing_key()
        text = base64.b64encode(key.private_bytes_raw()).decode()
        return SigningKey.objects.create(public=keys.signer_text(key), private=text)


def _record(action: str, key: TrustedKey, by: Any) -> None:
    audit.record(
        action=action, by=by, schema_name="public", target=key, data={"public": key.public}
    )
