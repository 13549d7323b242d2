"""What happens to a workspace happens to its subscription."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from apps.payments.services import closures
from apps.tenants.models import Tenant
from apps.tenants.signals import deletion_asked, deletion_undone, workspace_purged


@receiver(
    [deletion_asked, deletion_undone, workspace_purged], dispatch_uid="payments.workspace_closed"
)
def follow_workspace(*, tenant: Tenant, **_: Any) -> None:
    closures.request(tenant)
