"""Tokens of identity providers: shown once, kept as a hash, rotated with an overlap."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.audit.services import entries as audit
from apps.core.errors import Conflict, Invalid, NotFound
from apps.scim.models import ScimToken
from apps.tenants.access import Operator, require
from apps.tenants.models import Tenant
from apps.usage.plans import SCIM
from apps.usage.services import entitlements

UPDATE: Final = "provisioning.update"
PREFIX: Final = "tbs_"
SECRET_BYTES, PREFIX_LENGTH, NAME_LENGTH = 32, 10, 80
OVERLAP: Final = timedelta(hours=24)
MOST: Final = 10
USED_EVERY: Final = timedelta(minutes=1)


def create(
    *, tenant: Tenant, name: str, by: Any, expires_at: datetime | None = None
) -> tuple[ScimToken, str]:
    """The token and its secret, which is not kept. Raises `Invalid`, `Conflict`, and
    `UpgradeNeeded`; tokens that are there go on and are rotated, whatever the plan.
    """
    require(UPDATE, by=by, tenant=tenant)
    entitlements.require(SCIM, tenant=tenant)
    name = name.strip()
    if not name or len(name) > NAME_LENGTH:
        raise Invalid(errors={"name": [f"Give it a name of at most {NAME_LENGTH} characters."]})
    with transaction.atomic():
        Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        if ScimToken.objects.usable().filter(tenant=tenant).count() >= MOST:
            raise Conflict(f"There are {MOST} tokens already. Revoke one first.")
        token, secret = _make(tenant, name, by, expires_at)
        _record("scim_token.created", token, by)
    return token, secret


def rotate(*, token: ScimToken, by: Any) -> tuple[ScimToken, str]:
    """A token in the place of this one, which goes on working for 24 hours more."""
    require(UPDATE, by=by, tenant=token.tenant)
    with transaction.atomic():
        locked = _lock(token)
        ends = timezone.now() + OVERLAP
        life = locked.expires_at - locked.created_at if locked.expires_at else None
        fresh, secret = _make(
            locked.tenant, locked.name, by, timezone.now() + life if life else None
        )
        locked.expires_at = min(locked.expires_at or ends, ends)
        locked.save(update_fields=["expires_at"])
        _record("scim_token.rotated", fresh, by)
    return fresh, secret


def revoke(*, token: ScimToken, by: Any, reason: str = "") -> None:
    """It opens nothing from now on. An operator says why, which stands in the workspace's audit
    and the operators' own. Raises `Invalid`, `Conflict`.
    """
    require(UPDATE, by=by, tenant=token.tenant)
    reason, is_operator = reason.strip(), isinstance(by, Operator)
    if is_operator and not reason:
        raise Invalid(errors={"reason": ["Say why: the workspace's people read it."]})
    with transaction.atomic():
        locked = _lock(token)
        locked.revoked_at = timezone.now()
        locked.save(update_fields=["revoked_at"])
        about = {"workspace": locked.tenant.schema_name, "reason": reason} if reason else {}
        _record("scim_token.revoked", locked, by, **about)
        if is_operator:
            audit.record(
                action="scim_token.revoked", by=by, schema_name="public", target=locked, data=about
            )


def find(*, tenant: Tenant, token_id: UUID) -> ScimToken:
    found = ScimToken.objects.filter(tenant=tenant, pk=token_id).select_related("tenant").first()
    if found is None:
        raise NotFound("There is no such token in this workspace.")
    return found


def authenticate(*, secret: str, tenant: Tenant) -> ScimToken | None:
    """The usable token of this workspace behind a secret."""
    if not secret.startswith(PREFIX):
        return None
    rows = ScimToken.objects.usable().filter(tenant=tenant, secret_hash=_hash(secret))
    token = rows.first()
    if token is not None:
        token.tenant = tenant
        now = timezone.now()
        unseen = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - USED_EVERY)
        ScimToken.objects.filter(unseen, pk=token.pk).update(last_used_at=now)
    return token


def _make(tenant: Tenant, name: str, by: Any, expires_at: datetime | None) -> tuple[ScimToken, str]:
    secret = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    token = ScimToken.objects.create(
        tenant=tenant, name=name, prefix=secret[:PREFIX_LENGTH], secret_hash=_hash(secret),
        created_by=by, expires_at=expires_at,
    )  # fmt: skip
    return token, secret


def _lock(token: ScimToken) -> ScimToken:
    rows = ScimToken.objects.select_for_update(of=("self",)).select_related("tenant")
    locked = rows.get(pk=token.pk)
    if locked.state != "active":
        raise Conflict("This token does not open anything any more.")
    return locked


def _record(action: str, token: ScimToken, by: Any, **data: str) -> None:
    schema_name = token.tenant.schema_name
    audit.record(action=action, by=by, schema_name=schema_name, target=token, data=data)


def _hash(secret: str) -> str:
    # 256 random bits need no slow hash.
    return hashlib.sha256(secret.encode()).hexdigest()
