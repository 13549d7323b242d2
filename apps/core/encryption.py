"""Fields whose values are unreadable in the database and in its backups.

AES-256-GCM (NIST SP 800-38D) with a fresh 96-bit nonce a value. The stored text is
`<key name>:<base64 nonce+ciphertext+tag>`; the key name makes rotation possible, and the
workspace's schema and the column are bound in as associated data, so that a value copied
into another column or another workspace does not decrypt.
"""

from __future__ import annotations

import base64
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.apps import apps
from django.conf import settings
from django.db import models
from django_tenants.utils import get_public_schema_name

from apps.core.database import connection
from apps.core.errors import DomainError

NONCE_BYTES = 12


class Undecryptable(DomainError):
    code = "undecryptable"
    status = 500
    title = "A stored secret cannot be read with the keys at hand"


def encrypt(plain: str, *, context: str) -> str:
    """`plain` under the first key of `FIELD_ENCRYPTION_KEYS`, bound to `context`."""
    name, key = next(iter(settings.FIELD_ENCRYPTION_KEYS.items()))
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, plain.encode(), context.encode())
    return f"{name}:{base64.b64encode(nonce + sealed).decode()}"


def decrypt(stored: str, *, context: str) -> str:
    """Raises `Undecryptable` when the key is gone, the value changed, or the context differs."""
    name, _, body = stored.partition(":")
    key = settings.FIELD_ENCRYPTION_KEYS.get(name)
    if key is None:
        raise Undecryptable(f"The key {name!r} is not among FIELD_ENCRYPTION_KEYS.")
    try:
        raw = base64.b64decode(body, validate=True)
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], context.encode()).decode()
    except (InvalidTag, ValueError) as error:
        raise Undecryptable from error


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text encrypted at rest. It cannot be filtered on."""

    def _context(self) -> str:
        meta = self.model._meta
        # Rows every workspace shares lie in the public schema, wherever they are read from.
        in_workspace = apps.get_app_config(meta.app_label).name in settings.TENANT_APPS
        schema = connection.schema_name if in_workspace else get_public_schema_name()
        return f"{schema}/{meta.db_table}.{self.column}"

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return value if value in (None, "") else encrypt(value, context=self._context())

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        return value if value in (None, "") else decrypt(value, context=self._context())

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name in {"isnull", "exact"} else None
