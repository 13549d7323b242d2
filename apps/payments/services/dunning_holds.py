"""What an unpaid invoice does to workspaces: the customer's, and the schools that live on a
district's plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import Q

from apps.payments.models import Account, DunningCase
from apps.tenants.models import Tenant
from apps.tenants.services import holds
from apps.usage.services import limits

REASON = "A payment is overdue."
OF_DISTRICT = "A payment of the district is overdue."


def make_read_only(case: DunningCase) -> str:
    """What came of it, where that is not what was wanted."""
    now = case.account.now
    done = [holds.make_read_only(tenant=t, reason=r, at=now) for t, r in _places(case.account)]
    return "" if any(done) else _why_not(case.account)


def suspend(case: DunningCase) -> str:
    now = case.account.now
    done = [holds.suspend(tenant=t, reason=r, at=now) for t, r in _places(case.account)]
    return "" if any(done) else _why_not(case.account)


def follow(account: Account, running: Sequence[DunningCase]) -> None:
    """Lift what no case that is still running imposes, and have pages say what is unpaid."""
    steps = [step for case in running for step in case.steps.all() if step.is_done]
    imposed = {step.key for step in steps}
    for tenant, reason in _held(account):
        if "suspension" not in imposed:
            holds.resume(tenant=tenant, reason=reason)
        if "read_only" not in imposed:
            holds.make_writable(tenant=tenant, reason=reason)
    since = min((case.began_at for case in running), default=None)
    if account.tenant is not None and account.tenant.unpaid_since != since:
        holds.note_unpaid(tenant=account.tenant, since=since)


def _places(account: Account) -> Iterator[tuple[Tenant, str]]:
    """Workspaces that live on what the account pays, each with the reason its people read."""
    if account.tenant is None:
        return
    yield account.tenant, REASON
    if limits.plan_of(account.tenant).pooled:
        for school in account.tenant.schools.all():
            yield school, OF_DISTRICT


def _held(account: Account) -> Iterator[tuple[Tenant, str]]:
    """Those that are held for this account's sake, whatever its plan is by now."""
    if account.tenant is None:
        return
    tenant = account.tenant
    if tenant.read_only_since is not None or tenant.suspended_for_payment:
        yield tenant, REASON
    ours = Q(read_only_reason=OF_DISTRICT) | Q(
        suspended_for_payment=True, suspension_reason=OF_DISTRICT
    )
    for school in tenant.schools.filter(ours):
        yield school, OF_DISTRICT


def _why_not(account: Account) -> str:
    if account.tenant is None:
        return "The workspace is gone"
    return f"The workspace is {account.tenant.get_state_display().lower()} already"
