"""The limits of a request: whose, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apps.gateway import admission, metrics, networks
from apps.gateway.admission import Admission, Limit
from apps.gateway.errors import RateLimited
from apps.gateway.models import ApiKey
from apps.tenants.models import Tenant

# Of one address, whoever calls from it: many people of one school share it.
ADDRESS: Final = 3_000
WORDS: Final = {
    "key": "this API key",
    "person": "you",
    "workspace": "this workspace",
    "address": "your address",
    "refused": "your address",
}


class RequestLimits(BaseThrottle):
    """Lets a request in within the limits of its key or person, its workspace and its address.

    What it costs is the view's to say, by action: `request_costs = {"create": 10}`; one credit
    when it says nothing. Without Redis requests pass: reading and releasing must not stop because
    the counter did.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        inner: Any = request._request
        if not request.user.is_authenticated or inner.tenant is None:
            return True
        found = admission.admit(
            tenant=inner.tenant,
            limits=list(_limits(request.user, inner.tenant, networks.address_of(inner))),
            cost=cost_of(view),
        )
        inner.admission = found
        if not found.states:
            metrics.uncounted()
        if found.violated:
            raise refusal(found)
        return True


def cost_of(view: Any) -> int:
    """Credits that the view's present action costs."""
    return int(getattr(view, "request_costs", {}).get(getattr(view, "action", None), 1))


def refusal(found: Admission) -> RateLimited:
    """The error that says whose limit was reached, and when to come again."""
    state = max(found.violated, key=lambda one: one.seconds)
    name, seconds = state.limit.name, found.retry_after
    metrics.refused(name)
    return RateLimited(
        f"{state.limit.quota} credits a minute are what {WORDS[name]} can use. "
        f"Try again in {seconds} second{'' if seconds == 1 else 's'}.",
        retry_after=seconds,
        policies=[one.limit.name for one in found.violated],
    )


def _limits(caller: Any, tenant: Tenant, address: str) -> Iterator[Limit]:
    rates = admission.rates_of(tenant)
    kind = "key" if isinstance(caller, ApiKey) else "person"
    yield Limit(kind, f"limit:{kind}:{tenant.schema_name}:{caller.pk}", rates[kind])
    yield Limit("workspace", f"limit:workspace:{tenant.schema_name}", rates["workspace"])
    if address:
        yield Limit("address", f"limit:address:{networks.group_of(address)}", ADDRESS)
