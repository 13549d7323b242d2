"""Which plan a workspace has. Operators decide."""

from __future__ import annotations

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
from apps.usage.plans import PLANS
from apps.usage.services import ceilings, limits, warnings


def change(*, tenant: Tenant, plan: str, by: Operator | None) -> WorkspacePlan:
    """Give the workspace another plan from now on; `by=None` is a command an operator runs.

    Nothing is taken away where the new plan allows less: what is there stays, more is refused.
    Raises `UnknownPlan`, and `NotAllowed` for anybody who is no operator.
    """
    if by is not None and not by.user.is_staff:
        raise NotAllowed("Plans are changed by the people who run this installation.")
    if plan not in PLANS:
        raise UnknownPlan(errors={"plan": [f"Choose one of: {', '.join(PLANS)}."]})
    with schema_context("public"), transaction.atomic():
        Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        before = limits.plan_of(tenant).slug
        row, _ = WorkspacePlan.objects.get_or_create(tenant_id=tenant.pk)
        if before != plan:
            row.plan, row.since = plan, timezone.now()
            row.save(update_fields=["plan", "since"])
            _record(tenant, by, before, plan)
            transaction.on_commit(ceilings.forget)
    warnings.evaluate(tenant=tenant)
    return row


def _record(tenant: Tenant, by: Any, before: str, after: str) -> None:
    audit.record(
        action="plan.changed", by=by, schema_name=tenant.schema_name, target=tenant,
        data={"before": before, "after": after},
    )  # fmt: skip
