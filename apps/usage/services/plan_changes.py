"""Which plan a workspace has: operators decide, or what is paid for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.audit.services import entries as audit
from apps.core.errors import NotAllowed
from apps.tenants.access import Operator
from apps.tenants.models import Tenant
from apps.usage.errors import UnknownPlan
from apps.usage.models import WorkspacePlan
from apps.usage.plans import PLANS, Plan
from apps.usage.services import ceilings, entitlements, terms, warnings
from apps.usage.services.terms import Terms


def change(
    *,
    tenant: Tenant,
    plan: str,
    by: Operator | None,
    seats: int | None = None,
    at: datetime | None = None,
) -> WorkspacePlan:
    """Give the workspace another plan from now on, and `seats` for staff beside those it includes
    (None: as many as before); `by=None` is a command an operator runs, or what was paid for. `at`:
    the time that it is there.

    Nothing is taken away where the new plan allows less: what is there stays, more is refused, and
    features of the plan before stay for `entitlements.GRACE`. Raises `UnknownPlan`, and
    `NotAllowed` for anybody who is no operator.
    """
    if by is not None and not by.user.is_staff:
        raise NotAllowed("Plans are changed by the people who run this installation.")
    if plan not in PLANS:
        raise UnknownPlan(errors={"plan": [f"Choose one of: {', '.join(PLANS)}."]})
    with schema_context("public"), transaction.atomic():
        Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        row, _ = WorkspacePlan.objects.get_or_create(tenant_id=tenant.pk)
        before = terms.read(row)
        seats = row.seats if seats is None else seats
        if before.plan.slug != plan or row.seats != seats:
            _set(row, before, plan, seats, at or timezone.now())
            _record(tenant, by, before, terms.read(row))
            transaction.on_commit(ceilings.forget)
    warnings.evaluate(tenant=tenant)
    return row


def _set(row: WorkspacePlan, before: Terms, plan: str, seats: int, now: datetime) -> None:
    if row.plan != plan:
        row.since = now
        row.former, row.former_until = _kept(before, PLANS[plan], now)
    row.plan, row.seats = plan, seats
    row.save(update_fields=["plan", "since", "seats", "former", "former_until"])


def _kept(before: Terms, after: Plan, now: datetime) -> tuple[str, datetime | None]:
    """The plan whose features go on for a while, and how long. Who goes down twice keeps what the
    largest had, to the end it had.
    """
    former = before.former
    if former is not None and former.features > after.features | before.plan.features:
        return former.slug, before.former_until
    if before.plan.features > after.features:
        return before.plan.slug, now + entitlements.GRACE
    return "", None


def _record(tenant: Tenant, by: Any, before: Terms, after: Terms) -> None:
    data: dict[str, Any] = {"before": before.plan.slug, "after": after.plan.slug}
    if before.seats != after.seats:
        data["seats"] = after.seats
    audit.record(
        action="plan.changed", by=by, schema_name=tenant.schema_name, target=tenant, data=data
    )
