from __future__ import annotations

from typing import Any

from apps.tenants.models import Tenant
from apps.webhooks.models import Endpoint
from apps.webhooks.services import endpoints, lanes
from tests.factories.jobs import work_off


def make_endpoint(tenant: Tenant, url: str, **about: Any) -> Endpoint:
    """An endpoint that is told of everything, made by the system."""
    return endpoints.create(tenant=tenant, url=url, **{"by": None, "events": ["*"], **about})


def send_out() -> None:
    """Let all that is due leave, as beat and worker would."""
    lanes.sweep()
    work_off()
