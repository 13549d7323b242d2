"""For the day on which the issuer is out of order and nobody gets to the workspace's settings."""

from __future__ import annotations

from django.db import transaction
from django_tenants.utils import schema_context

from apps.accounts.signals import mail_wanted
from apps.audit.services import entries as audit
from apps.core.errors import Conflict, Invalid
from apps.sso.models import Connection
from apps.sso.services.connections import set_requirement
from apps.tenants.access import Operator, require
from apps.tenants.models import Tenant

PUBLIC = "public"


def lift(*, connection: Connection, reason: str, by: Operator) -> None:
    """Its members may use means of their own again until an owner requires the issuer anew. It
    stands in the workspace's audit and the operators', and owners get a mail. Raises `Invalid`
    without a reason, `Conflict` where nothing is required.
    """
    tenant, reason = connection.tenant, reason.strip()
    require("sso.update", by=by, tenant=tenant)
    if not reason:
        raise Invalid(errors={"reason": ["Say why: the workspace's people read it."]})
    with schema_context(PUBLIC), transaction.atomic():
        if not set_requirement(tenant, required=False):
            raise Conflict("Members may use means of their own already.")
        _record(connection, reason, by)
        _tell(connection, reason)


def _record(connection: Connection, reason: str, by: Operator) -> None:
    tenant = connection.tenant
    data = {"workspace": tenant.schema_name, "issuer": connection.issuer, "reason": reason}
    for place in (tenant.schema_name, PUBLIC):
        audit.record(
            action="sso.lifted", by=by, schema_name=place, target=tenant, label="Sign-in",
            data=data,
        )  # fmt: skip


def _tell(connection: Connection, reason: str) -> None:
    tenant = connection.tenant
    owners = tenant.memberships.owners().filter(user__is_active=True)
    for email in owners.order_by("created_at").values_list("user__email", flat=True):
        context = {"tenant": tenant, "sso": connection, "reason": reason}
        mail_wanted.send(sender=Tenant, template="mail/sso_lifted", to=email, context=context)
