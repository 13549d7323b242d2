"""So many questions a minute for one member, or for one address on the public site."""

from __future__ import annotations

from typing import Any, Final

from apps.gateway import admission, networks
from apps.gateway.admission import Limit
from apps.gateway.errors import RateLimited

A_MINUTE: Final = 120


def count_question(request: Any) -> None:
    """Raises `RateLimited`. Without Redis questions pass."""
    if request.tenant is not None:
        whose = f"{request.tenant.schema_name}:{request.user.pk}"
    else:
        whose = networks.group_of(networks.address_of(request) or "")
    found = admission.hit(limits=[Limit("help", f"limit:help:{whose}", A_MINUTE)])
    if found.violated:
        raise RateLimited(
            f"{A_MINUTE} questions a minute can be asked. Try again in {found.retry_after} "
            "seconds.",
            retry_after=found.retry_after,
            policies=["help"],
        )
