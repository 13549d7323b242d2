"""Suspending and closing a workspace. Closing can be undone until its last day is over;
`purges` then removes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.audit.services import entries as audit
from apps.core.actors import label_of
from apps.core.errors import Invalid
from apps.tenants import signals
from apps.tenants.access import require
from apps.tenants.errors import ConfirmationMissing, NotInThisState
from apps.tenants.models import Tenant

State = Tenant.State
DELETABLE = (State.ACTIVE, State.SUSPENDED, State.FAILED)
LAST_DAY = timedelta(days=1)


def suspend(*, tenant: Tenant, reason: str, by: Any) -> Tenant:
    """Make it read-only, for operators (`by=None`: a command). Its people read `reason` on every
    page. One that was suspended because it is unpaid (`holds`) is theirs from then on: paying does
    not open it. Raises `Invalid` without a reason, `NotInThisState` unless it is active or unpaid.
    """
    require("workspace.suspend", by=by, tenant=tenant)
    reason = _sentence(reason)
    wanted = (State.ACTIVE, State.SUSPENDED)
    with _changing(tenant, by, "workspace.suspended", *wanted, reason=reason) as locked:
        if locked.state == State.SUSPENDED and not locked.suspended_for_payment:
            raise NotInThisState(f"{locked} is suspended already.")
        locked.state, locked.suspended_for_payment = State.SUSPENDED, False
        locked.suspended_at = timezone.now()
        locked.suspended_by = label_of(by, nobody="the operators")
        locked.suspension_reason = reason
        signals.workspace_suspended.send(sender=Tenant, tenant=locked, by=by, for_payment=False)
    return locked


def resume(*, tenant: Tenant, by: Any) -> Tenant:
    """End a suspension, for operators. Raises `NotInThisState`."""
    require("workspace.suspend", by=by, tenant=tenant)
    with _changing(tenant, by, "workspace.resumed", State.SUSPENDED) as locked:
        locked.state = State.ACTIVE
        forget_suspension(locked)
        signals.workspace_resumed.send(sender=Tenant, tenant=locked, by=by, for_payment=False)
    return locked


def forget_suspension(tenant: Tenant) -> None:
    """Set its fields on a row that the caller has locked and saves."""
    tenant.suspended_at, tenant.suspended_by, tenant.suspension_reason = None, "", ""
    tenant.suspended_for_payment = False


def delete(
    *, tenant: Tenant, confirmation: str, by: Any, reason: str = "", grace_days: int | None = None
) -> Tenant:
    """Close it for everybody and have it removed after `grace_days` (left out:
    `TENANT_DELETE_GRACE_DAYS`; only operators and commands choose).

    `confirmation` is the workspace's address as its owner types it, with or without the
    product's domain; raises `ConfirmationMissing` for anything else, `NotInThisState` while it is
    being set up or closed already.
    """
    require("workspace.delete", by=by, tenant=tenant)
    if grace_days is not None:
        require("workspace.suspend", by=by, tenant=tenant)
    if confirmation.strip().lower() not in {tenant.slug, tenant.own_host}:
        raise ConfirmationMissing(f"Type {tenant.slug} to confirm that it is to be deleted.")
    days = settings.TENANT_DELETE_GRACE_DAYS if grace_days is None else max(0, grace_days)
    reason = reason.strip()[:500]
    about = {"reason": reason, "grace_days": days}
    with _changing(tenant, by, "workspace.deletion_asked", *DELETABLE, **about) as locked:
        locked.state_before_deletion, locked.state = locked.state, State.DELETING
        locked.deletion_asked_at = timezone.now()
        locked.deletion_asked_by = label_of(by, nobody="the operators")
        locked.deletion_reason, locked.deletion_warned_at = reason, None
        locked.purge_at = locked.deletion_asked_at + timedelta(days=days)
        signals.deletion_asked.send(sender=Tenant, tenant=locked, by=by)
    return locked


def keep(*, tenant: Tenant, by: Any) -> Tenant:
    """Undo the deletion: it is again what it was before. Raises `NotInThisState` when removing it
    has begun.
    """
    require("workspace.delete", by=by, tenant=tenant)
    with _changing(tenant, by, "workspace.deletion_undone", State.DELETING) as locked:
        locked.state, locked.state_before_deletion = locked.state_before_deletion, ""
        locked.deletion_asked_at = locked.deletion_warned_at = locked.purge_at = None
        locked.deletion_asked_by = locked.deletion_reason = ""
        signals.deletion_undone.send(sender=Tenant, tenant=locked, by=by)
    return locked


def warn_of_last_day() -> int:
    """Tell owners, once, that a day is left to undo a deletion; returns how many workspaces."""
    near = Tenant.objects.filter(
        state=State.DELETING,
        deletion_warned_at=None,
        purge_at__gt=timezone.now(),
        purge_at__lte=timezone.now() + LAST_DAY,
        # Whoever asked for a day or less needs no reminder of it.
        deletion_asked_at__lt=F("purge_at") - LAST_DAY,
    )
    return sum(_warn(tenant) for tenant in near)


def _warn(tenant: Tenant) -> bool:
    with transaction.atomic():
        locked = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        if locked.state != State.DELETING or locked.deletion_warned_at:
            return False
        locked.deletion_warned_at = timezone.now()
        locked.save(update_fields=["deletion_warned_at"])
        signals.deletion_near.send(sender=Tenant, tenant=locked)
    return True


@contextmanager
def _changing(
    tenant: Tenant, by: Any, action: str, *wanted: State, **data: Any
) -> Iterator[Tenant]:
    """The row, locked and in one of the states `wanted`; saved and recorded when the block ends."""
    with schema_context("public"), transaction.atomic():
        locked: Tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        if locked.state not in wanted:
            raise NotInThisState(
                f"{locked} is {locked.get_state_display().lower()}, so this cannot be done."
            )
        yield locked
        locked.save()
        audit.record(action=action, by=by, schema_name=locked.schema_name, target=locked, data=data)


def _sentence(reason: str) -> str:
    reason = " ".join(reason.split())
    if not reason:
        raise Invalid(errors={"reason": ["Say why: the workspace's people read it."]})
    if len(reason) > Tenant._meta.get_field("suspension_reason").max_length - 1:
        raise Invalid(errors={"reason": ["Say it in 499 characters or fewer."]})
    return reason if reason.endswith((".", "!", "?")) else f"{reason}."
