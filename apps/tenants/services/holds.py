"""What befalls a workspace that is not paid for: first nothing in it can be changed, then it is
suspended. Paying lifts this and nothing else; what operators decide stays theirs.

All of it is the system's own doing and may be asked for again: each function says whether it had
anything to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.audit.services import entries as audit
from apps.tenants import signals
from apps.tenants.models import Tenant
from apps.tenants.services import lifecycle

BY = "payments"
State = Tenant.State


def note_unpaid(*, tenant: Tenant, since: datetime | None) -> bool:
    """Have its pages tell owners that something is unpaid; None: nothing is any more."""
    with _locked(tenant) as locked:
        if locked is None or locked.unpaid_since == since:
            return False
        locked.unpaid_since = since
        locked.save()
    return True


def make_read_only(*, tenant: Tenant, reason: str, at: datetime | None = None) -> bool:
    """Everything is read as ever, nothing is changed. `reason` is a sentence for all its people;
    `at` is now when left out.
    """
    with _locked(tenant) as locked:
        if locked is None or locked.read_only_since is not None:
            return False
        locked.read_only_since, locked.read_only_reason = at or timezone.now(), reason
        locked.save()
        _record("workspace.read_only", locked, reason=reason)
        signals.workspace_read_only.send(sender=Tenant, tenant=locked)
    return True


def make_writable(*, tenant: Tenant, reason: str = "") -> bool:
    """`reason`: only if it is read-only for that one."""
    with _locked(tenant) as locked:
        if locked is None or locked.read_only_since is None:
            return False
        if reason and locked.read_only_reason != reason:
            return False
        locked.read_only_since, locked.read_only_reason = None, ""
        locked.save()
        _record("workspace.writable", locked)
        signals.workspace_writable.send(sender=Tenant, tenant=locked)
    return True


def suspend(*, tenant: Tenant, reason: str, at: datetime | None = None) -> bool:
    """Only one that is active: what operators have suspended, or what is closed, stays so."""
    with _locked(tenant) as locked:
        if locked is None or locked.state != State.ACTIVE:
            return False
        locked.state, locked.suspended_for_payment = State.SUSPENDED, True
        locked.suspended_at, locked.suspended_by = at or timezone.now(), BY
        locked.suspension_reason = reason
        locked.save()
        _record("workspace.suspended", locked, reason=reason)
        signals.workspace_suspended.send(sender=Tenant, tenant=locked, by=None, for_payment=True)
    return True


def resume(*, tenant: Tenant, reason: str = "") -> bool:
    """End the suspension of `suspend`, also of a workspace that is to be deleted meanwhile.
    `reason`: only if it is suspended for that one.
    """
    with _locked(tenant) as locked:
        if locked is None or not locked.suspended_for_payment:
            return False
        if reason and locked.suspension_reason != reason:
            return False
        lifecycle.forget_suspension(locked)
        if locked.state == State.SUSPENDED:
            locked.state = State.ACTIVE
        elif locked.state_before_deletion == State.SUSPENDED:
            locked.state_before_deletion = State.ACTIVE
        locked.save()
        _record("workspace.resumed", locked)
        signals.workspace_resumed.send(sender=Tenant, tenant=locked, by=None, for_payment=True)
    return True


@contextmanager
def _locked(tenant: Tenant) -> Iterator[Tenant | None]:
    """The row; None when the workspace is gone or being removed."""
    with schema_context("public"), transaction.atomic():
        rows = Tenant.objects.select_for_update(no_key=True).exclude(state=State.PURGING)
        yield rows.filter(pk=tenant.pk).first()


def _record(action: str, tenant: Tenant, **data: Any) -> None:
    audit.record(action=action, by=None, schema_name=tenant.schema_name, target=tenant, data=data)
