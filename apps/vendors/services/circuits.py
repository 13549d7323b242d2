"""Circuit breakers in operators' hands. The vendors are those that `core.breaker` was told of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django_tenants.utils import schema_context
from redis.exceptions import RedisError

from apps.audit.services import entries as audit
from apps.core import breaker
from apps.core.breaker import BreakerState, Failure
from apps.core.errors import NotFound, VendorError
from apps.tenants.access import Operator
from apps.tenants.errors import PermissionMissing
from apps.vendors.models import Vendor


class StateUnreachable(VendorError):
    """Redis, which keeps the state, does not answer: every circuit counts as closed."""

    code = "breaker_state_unreachable"
    status = 503
    title = "The state of the circuits cannot be read"


@dataclass(frozen=True)
class Circuit:
    """A vendor as the console shows it; `failures`: the last ones, newest first."""

    title: str
    state: BreakerState
    failures: list[Failure]


def overview() -> list[Circuit]:
    """Every vendor, those that are not closed first. Raises `StateUnreachable`."""
    try:
        found = [
            Circuit(title, breaker.breaker_state(name), breaker.failures_of(name))
            for name, title in breaker.declared().items()
        ]
    except RedisError as error:
        raise StateUnreachable("Redis does not answer. Nothing is paused meanwhile.") from error
    return sorted(found, key=lambda circuit: (circuit.state.state == "closed", circuit.title))


def close(*, vendor: str, by: Any) -> None:
    """Let calls through again. Raises `NotFound`, `StateUnreachable`."""
    _set(vendor, by, "vendor.circuit_closed")


def open_by_hand(*, vendor: str, by: Any) -> None:
    """Refuse calls until somebody closes it. Raises `NotFound`, `StateUnreachable`."""
    _set(vendor, by, "vendor.circuit_opened")


def _set(vendor: str, by: Any, action: str) -> None:
    if by is not None and not (isinstance(by, Operator) and by.user.is_staff):
        raise PermissionMissing("Operators alone open and close circuits.")
    if vendor not in breaker.declared():
        raise NotFound(f"There is no {vendor}. There are: {', '.join(breaker.declared())}.")
    change = breaker.close_breaker if action.endswith("closed") else breaker.open_breaker
    with schema_context("public"), transaction.atomic():
        audit.record(action=action, by=by, schema_name="public", target=Vendor(name=vendor))
        try:
            change(vendor)
        except RedisError as error:
            raise StateUnreachable("Redis does not answer, so nothing was changed.") from error
