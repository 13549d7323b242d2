"""Schools of a district: workspaces of their own, founded from the district's.

A district sees that its schools exist and how much they use. Into a school come its members only:
whoever founds it is its first owner, everybody else is invited there.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django_tenants.utils import schema_context

from apps.accounts.models import User
from apps.audit.services import entries as audit
from apps.core.errors import Invalid, NotFound
from apps.tenants.access import require
from apps.tenants.models import Tenant
from apps.tenants.services import tenants
from apps.tenants.signals import school_wanted


def found(
    *, district: Tenant, name: str, slug: str, by: User | None, owner: User | None = None
) -> Tenant:
    """A school under the district, set up in a job; whoever founds it owns it, or `owner`, whom
    a command (`by=None`) has to name.

    Raises `NotFound` where `district` is none, the errors of `tenants.create`, and `LimitReached`.
    """
    require("schools.create", by=by, tenant=district)
    require_district(district)
    owner = owner or by
    if owner is None:
        raise Invalid(errors={"owner": ["Name who is to own the school."]})
    with schema_context("public"), transaction.atomic():
        school_wanted.send(sender=Tenant, district=district)
        school = tenants.create(
            name=name, slug=slug, kind=Tenant.Kind.SCHOOL, by=owner, parent_id=district.pk
        )
        audit.record(
            action="school.founded", by=by, schema_name=district.schema_name, target=school,
            data={"address": school.slug},
        )  # fmt: skip
    return school


def of(district: Tenant) -> QuerySet[Tenant]:
    """The district's schools by name; raises `NotFound` where it is none."""
    require_district(district)
    found: QuerySet[Tenant] = Tenant.objects.filter(parent=district).order_by("name", "pk")
    return found


def require_district(tenant: Tenant) -> None:
    if tenant.kind != Tenant.Kind.DISTRICT:
        raise NotFound(f"{tenant} is no district, so it has no schools under it.")
