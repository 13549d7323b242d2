"""What a workspace has by its plan at this moment: the plan, what was bought beside it, and what it
keeps of the plan before for a while.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from apps.tenants.models import Tenant
from apps.usage import plans
from apps.usage.models import WorkspacePlan
from apps.usage.plans import PLANS, Plan


@dataclass(frozen=True)
class Terms:
    """`former` is the plan whose features stay until `former_until`, None where there is none any
    more. `pays_beyond` and `most_beyond`: as `models.WorkspacePlan`.
    """

    plan: Plan
    seats: int = 0
    former: Plan | None = None
    former_until: datetime | None = None
    pays_beyond: bool = False
    most_beyond: int | None = None


def of(tenant: Tenant) -> Terms:
    """The workspace's own, whatever district it belongs to; one query."""
    return read(WorkspacePlan.objects.filter(tenant_id=tenant.pk).first())


def read(row: WorkspacePlan | None) -> Terms:
    if row is None:
        return Terms(plans.FREE)
    plan = PLANS.get(row.plan, plans.FREE)
    former = PLANS.get(row.former) if _is_ahead(row.former_until) else None
    return Terms(
        plan,
        seats=row.seats,
        former=former,
        former_until=row.former_until if former else None,
        pays_beyond=row.pays_beyond and plan is not plans.FREE,
        most_beyond=row.most_beyond,
    )


def _is_ahead(moment: datetime | None) -> bool:
    return moment is not None and moment > timezone.now()
