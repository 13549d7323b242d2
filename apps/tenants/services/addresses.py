"""A workspace's address under the product's host. Its schema keeps its name for life."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.audit.services import entries as audit
from apps.core.errors import Invalid
from apps.tenants.access import require
from apps.tenants.errors import NotInThisState, SlugTaken, TooManyAddresses
from apps.tenants.models import Domain, Tenant
from apps.tenants.services.tenants import slug_problem
from apps.tenants.signals import workspace_renamed

MOST_FORMER = 3


def rename(*, tenant: Tenant, slug: str, by: Any) -> Tenant:
    """Give the workspace another address. The one it had redirects there, and is nobody else's,
    for `TENANT_FORMER_ADDRESS_DAYS`.

    Raises `SlugTaken`, `Invalid` for the address it has, `TooManyAddresses` with three former ones
    still redirecting, `NotInThisState` unless it is active.
    """
    require("workspace.rename", by=by, tenant=tenant)
    slug = slug.strip().lower()
    with schema_context("public"), transaction.atomic():
        locked: Tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        _check(locked, slug)
        before, former_host = locked.slug, locked.own_host
        _leave(locked)
        locked.slug = slug
        locked.save(update_fields=["slug"])
        _move_in(locked)
        audit.record(
            action="workspace.renamed", by=by, schema_name=locked.schema_name, target=locked,
            data={"before": before, "after": slug},
        )  # fmt: skip
        workspace_renamed.send(sender=Tenant, tenant=locked, former_host=former_host, by=by)
    return locked


def release_former() -> int:
    """Let go of former addresses whose time is over; returns how many."""
    over = Domain.objects.filter(kind=Domain.Kind.FORMER, expires_at__lte=timezone.now())
    expired = list(over.order_by("pk").values_list("pk", flat=True))
    # One by one: the directory hears of each.
    return sum(_release(over.filter(pk=pk)) for pk in expired)


def _release(over: QuerySet[Domain]) -> bool:
    with transaction.atomic():
        # Looked at again: its workspace may have moved back in this very moment.
        domain = over.select_for_update().first()
        if domain is not None:
            domain.delete()
    return domain is not None


def _check(tenant: Tenant, slug: str) -> None:
    if slug == tenant.slug:
        raise Invalid(errors={"slug": ["This is the address it has."]})
    if problem := slug_problem(slug=slug, tenant=tenant):
        raise SlugTaken(problem)
    if tenant.state != Tenant.State.ACTIVE:
        raise NotInThisState(f"{tenant} is {tenant.get_state_display().lower()}.")
    former = tenant.domains.filter(kind=Domain.Kind.FORMER)
    if former.exclude(domain=Tenant(slug=slug).own_host).count() >= MOST_FORMER:
        raise TooManyAddresses(
            f"{MOST_FORMER} former addresses still lead here. The first is let go on "
            f"{former.order_by('expires_at')[0].expires_at:%-d %B %Y}; change it again then."
        )


def _leave(tenant: Tenant) -> None:
    former = tenant.domains.get(kind=Domain.Kind.OWN)
    former.kind, former.is_primary = Domain.Kind.FORMER, False
    former.expires_at = timezone.now() + timedelta(days=settings.TENANT_FORMER_ADDRESS_DAYS)
    former.save()


def _move_in(tenant: Tenant) -> None:
    host = tenant.own_host
    own = tenant.domains.filter(domain=host).first() or Domain(domain=host, tenant=tenant)
    own.kind, own.is_primary, own.expires_at = Domain.Kind.OWN, True, None
    try:
        with transaction.atomic():
            own.save()
    except IntegrityError as error:
        raise SlugTaken(f"{host} is in use already; choose another one.") from error
