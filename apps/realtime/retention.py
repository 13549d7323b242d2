"""How long workspaces' events are kept."""

from __future__ import annotations

import structlog
from django.db import DatabaseError
from django_tenants.utils import get_public_schema_name, schema_context

from apps.realtime import history
from apps.tenants.models import Tenant

log = structlog.get_logger(__name__)


def forget_everywhere() -> int:
    """Delete what is old in every workspace; returns how many events. One workspace that cannot be
    cleared, because it is being built or removed, does not keep the others from it.
    """
    count = 0
    names = Tenant.objects.exclude(schema_name=get_public_schema_name())
    for schema_name in names.values_list("schema_name", flat=True).iterator():
        try:
            with schema_context(schema_name):
                count += history.forget()
        except DatabaseError as error:
            log.warning("realtime_events_not_cleared", workspace=schema_name, error=str(error))
    return count
