"""Making, changing, rotating and revoking API keys. Checking them: `verification`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from apps.audit.services import entries as audit
from apps.core.errors import Conflict, Invalid, NotFound
from apps.gateway import key_format, networks
from apps.gateway.models import ApiKey
from apps.gateway.services import verification
from apps.tenants.access import permissions_of, require
from apps.tenants.models import Tenant
from apps.tenants.permissions import SCOPES, TEST_SCOPES

LONGEST_OVERLAP: Final = timedelta(days=30)
LONGEST_NAME: Final = 80


def create(
    *,
    tenant: Tenant,
    name: str,
    scopes: Collection[str],
    by: Any,
    expires_at: datetime | None = None,
    environment: str = ApiKey.Environment.LIVE,
    allowed_networks: Sequence[str] = (),
) -> tuple[ApiKey, str]:
    """The key's row and its secret, which nobody can show again. Raises `Invalid`, also for
    scopes that `by` does not hold: a key does not reach further than its maker.
    """
    require("api_keys.create", by=by, tenant=tenant)
    found = _checked(
        tenant, by, environment, name=name, scopes=scopes, networks=allowed_networks,
        expires_at=expires_at,
    )  # fmt: skip
    secret = key_format.generate(environment)
    with transaction.atomic():
        key = ApiKey.objects.create(
            tenant=tenant, environment=environment, created_by=by,
            prefix=key_format.prefix_of(secret), secret_hash=key_format.digest(secret), **found,
        )  # fmt: skip
        _record("created", key, by, scopes=key.scopes, environment=environment)
    return key, secret


def update(*, key: ApiKey, by: Any, **changes: Any) -> ApiKey:
    """Change any of `name`, `scopes`, `networks`. Raises `Invalid`; `by` gives no scope that they
    do not hold, but what the key has already may stay.
    """
    require("api_keys.create", by=by, tenant=key.tenant)
    _refuse_revoked(key)
    found = _checked(key.tenant, by, key.environment, kept=key.scopes, **changes)
    before = {name: getattr(key, name) for name in found if getattr(key, name) != found[name]}
    if not before:
        return key
    with transaction.atomic():
        _write(key, **found)
        _record(
            "updated", key, by,
            **{name: [value, found[name]] for name, value in before.items()},
        )  # fmt: skip
    return key


def rotate(*, key: ApiKey, by: Any, overlap: timedelta, expires_at: datetime | None = None) -> str:
    """A new secret for the same key; the present one works for `overlap` longer, an earlier one
    ends now. `expires_at` is the key's new end, its present one stays when left out. Raises
    `Invalid`, or `Conflict` for a revoked key.
    """
    require("api_keys.create", by=by, tenant=key.tenant)
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise Invalid(errors={"overlap": [f"Choose {LONGEST_OVERLAP.days} days at most."]})
    secret, now = key_format.generate(key.environment), timezone.now()
    with transaction.atomic():
        present = ApiKey.objects.select_for_update(of=("self",)).get(pk=key.pk)
        _refuse_revoked(present)
        end = _checked(key.tenant, by, key.environment, expires_at=expires_at or key.expires_at)
        _write(
            key, secret_hash=key_format.digest(secret), prefix=key_format.prefix_of(secret),
            former_hash=present.secret_hash if overlap else None,
            former_until=now + overlap if overlap else None,
            former_used_at=None, rotated_at=now, reminded_at=None, **end,
        )  # fmt: skip
        _record("rotated", key, by, former_until=(now + overlap).isoformat())
    return secret


def end_former(*, key: ApiKey, by: Any) -> None:
    """Have the secret before the last rotation end now."""
    require("api_keys.revoke", by=by, tenant=key.tenant)
    if not key.is_overlapping:
        return
    with transaction.atomic():
        _write(key, former_hash=None, former_until=None)
        _record("former_secret_ended", key, by)


def revoke(*, key: ApiKey, by: Any) -> None:
    """End a key for good, within a second in every process; ending it twice changes nothing."""
    require("api_keys.revoke", by=by, tenant=key.tenant)
    with transaction.atomic():
        if ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(
            revoked_at=timezone.now()
        ):
            key.refresh_from_db(fields=["revoked_at"])
            verification.forget(key=key)
            _record("revoked", key, by)


def find(*, tenant: Tenant, key_id: str) -> ApiKey:
    key = ApiKey.objects.select_related("tenant").filter(tenant=tenant, pk=key_id).first()
    if key is None:
        raise NotFound("There is no such API key in this workspace.")
    return key


def of(tenant: Tenant) -> Any:
    """All of a workspace, those that still work first."""
    return ApiKey.objects.filter(tenant=tenant).select_related("created_by")


def grantable(*, tenant: Tenant, by: Any, environment: str) -> list[str]:
    """The scopes that `by` can give to a key."""
    held = SCOPES if by is None else permissions_of(by, tenant=tenant)
    offered = TEST_SCOPES if environment == ApiKey.Environment.TEST else SCOPES
    return [scope for scope in offered if scope in held]


def _write(key: ApiKey, **values: Any) -> None:
    for name, value in values.items():
        setattr(key, name, value)
    key.save(update_fields=list(values))
    verification.forget(key=key)


def _record(deed: str, key: ApiKey, by: Any, **data: Any) -> None:
    audit.record(
        action=f"api_key.{deed}", by=by, schema_name=key.tenant.schema_name, target=key, data=data
    )


def _refuse_revoked(key: ApiKey) -> None:
    if key.revoked_at is not None:
        raise Conflict("This key is revoked for good. Make a new one.")


def _checked(
    tenant: Tenant, by: Any, environment: str, kept: Collection[str] = (), **given: Any
) -> dict[str, Any]:
    """The given fields as they are stored, or `Invalid` with all that is wrong."""
    errors: dict[str, list[str]] = {}
    found: dict[str, Any] = {}
    if environment not in ApiKey.Environment.values:
        errors["environment"] = [f"Choose one of: {', '.join(ApiKey.Environment.values)}."]
    if "name" in given:
        found["name"] = str(given["name"]).strip()
        if not 0 < len(found["name"]) <= LONGEST_NAME:
            errors["name"] = ["Give the key a name, so that you know it later."]
    if "scopes" in given:
        choices = grantable(tenant=tenant, by=by, environment=environment)
        found["scopes"] = sorted(set(given["scopes"]))
        if not found["scopes"] or not set(found["scopes"]) <= {*choices, *kept}:
            errors["scopes"] = [f"Choose from: {', '.join(choices)}."]
    if "networks" in given:
        found["networks"], errors = _networks(given["networks"] or (), errors)
    if "expires_at" in given:
        found["expires_at"] = given["expires_at"]
        if found["expires_at"] is not None and found["expires_at"] <= timezone.now():
            errors["expires_at"] = ["Choose a time to come."]
    if errors:
        raise Invalid(errors=errors)
    return found


def _networks(
    given: Sequence[str], errors: dict[str, list[str]]
) -> tuple[list[str], dict[str, list[str]]]:
    found, wrong = set(), []
    for text in given:
        try:
            found.add(networks.normalise(text))
        except ValueError as error:
            wrong.append(str(error))
    if len(given) > networks.MOST:
        wrong = [f"Name {networks.MOST} networks at most."]
    return sorted(found), {**errors, "networks": wrong} if wrong else errors
