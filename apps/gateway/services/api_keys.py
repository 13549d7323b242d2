"""Making, checking and revoking API keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.audit.services import entries as audit
from apps.core.errors import Invalid, NotFound
from apps.gateway.models import ApiKey
from apps.tenants.access import permissions_of, require
from apps.tenants.models import Tenant
from apps.tenants.permissions import SCOPES

MARK = "tbx_"
USE_RECORDED_EVERY = timedelta(minutes=1)


def create(
    *,
    tenant: Tenant,
    name: str,
    scopes: Collection[str],
    by: Any,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """The key's row and its secret, which nobody can show again. Raises `Invalid`, also for
    scopes that `by` does not hold: a key does not reach further than its maker.
    """
    require("api_keys.create", by=by, tenant=tenant)
    held = SCOPES if by is None else permissions_of(by, tenant=tenant)
    _check(name, scopes, expires_at, held)
    secret = MARK + secrets.token_urlsafe(32)
    with transaction.atomic():
        key = ApiKey.objects.create(
            tenant=tenant, name=name.strip(), prefix=secret[:10], secret_hash=_hash(secret),
            scopes=sorted(set(scopes)), created_by=by, expires_at=expires_at,
        )  # fmt: skip
        audit.record(
            action="api_key.created", by=by, schema_name=tenant.schema_name, target=key,
            data={"scopes": key.scopes},
        )  # fmt: skip
    return key, secret


def revoke(*, key: ApiKey, by: Any) -> None:
    """End a key at once; ending it twice changes nothing."""
    require("api_keys.revoke", by=by, tenant=key.tenant)
    with transaction.atomic():
        if ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(
            revoked_at=timezone.now()
        ):
            audit.record(
                action="api_key.revoked", by=by, schema_name=key.tenant.schema_name, target=key
            )


def authenticate(*, secret: str, tenant: Tenant) -> ApiKey | None:
    """The usable key of this workspace with this secret, or None."""
    key = (
        ApiKey.objects.usable()
        .select_related("tenant")
        .filter(secret_hash=_hash(secret), tenant=tenant)
        .first()
    )
    if key is not None:
        _note_use(key)
    return key


def find(*, tenant: Tenant, key_id: str) -> ApiKey:
    key = ApiKey.objects.select_related("tenant").filter(tenant=tenant, pk=key_id).first()
    if key is None:
        raise NotFound("There is no such API key in this workspace.")
    return key


def _note_use(key: ApiKey) -> None:
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at > USE_RECORDED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


def _hash(secret: str) -> str:
    # 256 random bits need no slow hash.
    return hashlib.sha256(secret.encode()).hexdigest()


def _check(
    name: str, scopes: Collection[str], expires_at: datetime | None, held: Collection[str]
) -> None:
    errors: dict[str, list[str]] = {}
    choices = [scope for scope in SCOPES if scope in held]
    if not name.strip():
        errors["name"] = ["Give the key a name, so that you know it later."]
    if not scopes or not set(scopes) <= set(choices):
        errors["scopes"] = [f"Choose from: {', '.join(choices)}."]
    if expires_at is not None and expires_at <= timezone.now():
        errors["expires_at"] = ["Choose a time to come."]
    if errors:
        raise Invalid(errors=errors)
