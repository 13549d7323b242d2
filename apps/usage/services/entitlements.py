"""Has the plan this feature? The one place that asks, for pages, API and jobs.

    entitlements.require("custom_roles", tenant=tenant)     # raises UpgradeNeeded
    entitlements.has("sso", tenant=tenant)
    entitlements.of(tenant)["sso"].hint                     # for a page: which plan has it

After a change to a smaller plan everything can be used for `GRACE` more. Then what is there stays
and can be read and removed, and what lets people in goes on doing so; there is no more of it.
So ask where something is made or switched on, never where it is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from apps.core.database import connection as workspace
from apps.tenants.models import Tenant
from apps.usage.errors import UpgradeNeeded
from apps.usage.plans import FEATURES, PLANS, Feature, Plan
from apps.usage.services import limits, terms

GRACE: Final = timedelta(days=14)


@dataclass(frozen=True)
class Entitlement:
    """A feature as it stands for one workspace. `plan` is the smallest that has it; `until` ends
    the time in which it goes on although the plan has it no longer; `payer` has the plan: the
    workspace itself, or its district.
    """

    feature: Feature
    plan: Plan
    included: bool
    until: datetime | None
    payer: Tenant
    shared: bool

    @property
    def usable(self) -> bool:
        return self.included or self.until is not None

    @property
    def upgrade_url(self) -> str:
        return f"{self.payer.url}{limits.BILLING}"

    @property
    def hint(self) -> str:
        """What a page says where it is not, or not for long, included; else nothing."""
        if self.included:
            return ""
        who = f"{self.payer} has" if self.shared else "this workspace has"
        wanted = f"the plan {self.plan.name} or a larger one"
        if self.until is None:
            return f"{self.feature.label}: for this {who} to have {wanted}."
        return (
            f"{self.feature.label}: can be used until {self.until:%-d %B %Y}, as in the earlier "
            f"plan. From then on {who} to have {wanted}; what is there stays."
        )


def of(tenant: Tenant) -> dict[str, Entitlement]:
    """Every feature by its name, in their order."""
    pool = limits.pool_of(tenant)
    shared = pool is not None and pool.pk != tenant.pk
    payer = pool if pool is not None and shared else tenant
    held = terms.of(payer)
    kept = held.former.features if held.former else frozenset()
    return {
        name: Entitlement(
            feature,
            plan=_smallest(name),
            included=name in held.plan.features,
            until=held.former_until if name in kept - held.plan.features else None,
            payer=payer,
            shared=shared,
        )
        for name, feature in FEATURES.items()
    }


def has(feature: str, *, tenant: Tenant | None = None) -> bool:
    """Whether it may be made or switched on; in no workspace everything may."""
    found = _find(feature, tenant)
    return found is None or found.usable


def require(feature: str, *, tenant: Tenant | None = None) -> None:
    """Raises `UpgradeNeeded`, with the plan that has it and where to get that. `tenant`: the
    present one when left out.
    """
    found = _find(feature, tenant)
    if found is not None and not found.usable:
        raise UpgradeNeeded(
            f"{found.hint} An owner changes the plan under Settings, Billing.",
            feature=feature,
            plan=found.plan.slug,
            upgrade_url=found.upgrade_url,
        )


def _find(feature: str, tenant: Tenant | None) -> Entitlement | None:
    if feature not in FEATURES:
        raise LookupError(f"{feature} is not in apps.usage.plans")
    tenant = tenant or Tenant.objects.filter(schema_name=workspace.schema_name).first()
    return of(tenant)[feature] if tenant is not None else None


def _smallest(feature: str) -> Plan:
    return next(plan for plan in PLANS.values() if feature in plan.features)
