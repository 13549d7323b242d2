"""Custom domains: wished for, verified by a TXT record, served, and looked after daily."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.audit.services import entries as audit
from apps.core import dns_api
from apps.core.actors import label_of
from apps.core.errors import NotFound
from apps.jobs.models import JobRun
from apps.tenants import signals
from apps.tenants.access import require
from apps.tenants.domain_names import normalise
from apps.tenants.errors import DomainNotVerified, DomainTaken, TooManyDomains
from apps.tenants.models import Domain, Tenant

MOST = 10
TOKEN_BYTES = 20
LONGEST_HOST = 253
CHECK_EVERY = timedelta(days=1)
# A wish is looked at by itself for a week; after that somebody presses the button.
WAIT_FOR, WAIT_BETWEEN = timedelta(days=7), timedelta(hours=1)
SERVED_WITHOUT_RECORD = timedelta(days=3)


def add(*, tenant: Tenant, domain: str, by: Any) -> Domain:
    """Wish for a domain; it is served once `verify` has seen its record.

    Wishing for it again returns the same row with the same token. Raises `Invalid` for what can
    be nobody's own domain, `TooManyDomains`, and what the plan has to say.
    """
    require("domains.create", by=by, tenant=tenant)
    name = normalise(domain)
    with schema_context("public"), transaction.atomic():
        Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        known: Domain | None = tenant.domains.filter(domain=name).first()
        if known:
            return known
        signals.feature_wanted.send(sender=Tenant, tenant=tenant, feature="custom_domains")
        if tenant.domains.custom().count() >= MOST:
            raise TooManyDomains(f"{MOST} domains is the most; remove one first.")
        made = Domain(
            domain=name, tenant=tenant, kind=Domain.Kind.CUSTOM, is_live=False, is_primary=False,
            token=secrets.token_hex(TOKEN_BYTES), created_by=label_of(by),
        )  # fmt: skip
        made.save()
        _record("domain.added", made, by)
    return made


def find(*, tenant: Tenant, pk: Any) -> Domain:
    """Raises `NotFound` for another workspace's domain as for none."""
    rows = tenant.domains.custom().select_related("tenant")
    found: Domain | None = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such domain in this workspace.")
    return found


def verify(*, domain: Domain, by: Any) -> Domain:
    """Look for the record now, and serve the domain if it is there.

    Raises `DomainNotVerified` with what was found instead, `DomainTaken` when another workspace
    has it verified and its record still stands, `DnsUnavailable`.
    """
    require("domains.update", by=by, tenant=domain.tenant)
    found = dns_api.texts(domain.record_name)
    if domain.record_value not in found:
        _note(domain, problem=_what_was_found(domain, found))
        raise DomainNotVerified(
            domain.problem, record_name=domain.record_name, record_value=domain.record_value
        )
    _take_over(domain, found)
    return _switch_on(domain, by)


def remove(*, domain: Domain, by: Any) -> None:
    """Stop serving it and forget the wish."""
    require("domains.delete", by=by, tenant=domain.tenant)
    with schema_context("public"), transaction.atomic():
        locked = _lock(domain)
        _leave_main(locked)
        _record("domain.removed", locked, by)
        locked.delete()


def make_main(*, tenant: Tenant, domain: Domain | None, by: Any) -> Tenant:
    """Have links and mails lead to this verified domain; None: to the workspace's own address,
    which goes on being served either way. Raises `DomainNotVerified`.
    """
    require("domains.update", by=by, tenant=tenant)
    with schema_context("public"), transaction.atomic():
        locked: Tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        chosen = locked.domains.filter(pk=domain.pk).first() if domain else None
        if domain and (chosen is None or not chosen.is_live):
            raise DomainNotVerified(f"{domain} is not verified yet.")
        before, locked.main_domain = locked.main_domain, chosen.domain if chosen else ""
        locked.save(update_fields=["main_domain"])
        audit.record(
            action="domain.made_main", by=by, schema_name=locked.schema_name, target=locked,
            data={"before": before, "after": locked.main_domain},
        )  # fmt: skip
    return locked


def due() -> QuerySet[Domain]:
    """Custom domains to look at now: served ones once a day, fresh wishes once an hour."""
    now = timezone.now()
    served = Q(is_live=True) & _not_since(now - CHECK_EVERY)
    fresh = Q(is_live=False, verified_at=None, created_at__gt=now - WAIT_FOR)
    waiting = fresh & _not_since(now - WAIT_BETWEEN)
    alive = Domain.objects.custom().exclude(tenant__state=Tenant.State.PURGING)
    return alive.filter(served | waiting)


def start_checks() -> list[JobRun]:
    """A job for each that is `due` and has none already."""
    from apps.tenants.tasks import check_domain

    busy = JobRun.objects.unfinished().filter(name=check_domain.name)
    under_way = set(busy.values_list("arguments__domain_id", flat=True))
    return [
        check_domain.enqueue(by=None, schema_name="public", domain_id=domain.pk)
        for domain in due()
        if domain.pk not in under_way
    ]


def check(*, domain: Domain) -> str:
    """The look that `due` asks for; returns the domain's state afterwards. A served domain whose
    record has vanished is switched off after three days. Raises `DnsUnavailable`, after which
    nothing has changed: silence is no answer.
    """
    found = dns_api.texts(domain.record_name)
    if domain.record_value in found:
        if domain.is_live:
            _note(domain, missing_since=None)
        else:
            _accept(domain, found)
    elif domain.is_live:
        _miss(domain, found)
    else:
        _note(domain, problem=_what_was_found(domain, found))
    return domain.state


def served() -> QuerySet[Domain]:
    """Every host a proxy should have a certificate for: all that lead to a workspace."""
    live = Domain.objects.live().exclude(tenant__state=Tenant.State.PURGING)
    return live.select_related("tenant").order_by("domain")


def may_have_certificate(*, host: str) -> bool:
    """Whether a TLS proxy may get a certificate for `host`; one look into an index."""
    return host in settings.PUBLIC_HOSTS or (
        len(host) <= LONGEST_HOST and host.isprintable() and served().filter(domain=host).exists()
    )


def _accept(domain: Domain, found: list[str]) -> None:
    try:
        _take_over(domain, found)
        _switch_on(domain, None)
    except DomainTaken as refusal:
        _note(domain, problem=refusal.detail)


def _take_over(domain: Domain, found: list[str]) -> None:
    """Let a domain that has changed hands go from the workspace that had it."""
    other = Domain.objects.live().filter(domain=domain.domain).exclude(pk=domain.pk).first()
    if other is not None:
        if other.kind != Domain.Kind.CUSTOM or other.record_value in found:
            raise DomainTaken(
                f"{domain} leads to another workspace, whose record still stands beside yours. "
                f"Remove the other value from {domain.record_name}, then look again."
            )
        _switch_off(other)


def _switch_on(domain: Domain, by: Any) -> Domain:
    with schema_context("public"), transaction.atomic():
        locked = _lock(domain)
        fresh = not locked.is_live
        locked.is_live, locked.problem, locked.missing_since = True, "", None
        locked.checked_at = timezone.now()
        locked.verified_at = locked.checked_at if fresh else locked.verified_at
        try:
            with transaction.atomic():
                locked.save()
        except IntegrityError as error:
            raise DomainTaken(f"{locked} leads to another workspace already.") from error
        if fresh:
            _record("domain.verified", locked, by)
    return locked


def _miss(domain: Domain, found: list[str]) -> None:
    now = timezone.now()
    if domain.missing_since and now - domain.missing_since >= SERVED_WITHOUT_RECORD:
        _switch_off(domain)
        return
    with transaction.atomic():
        first = domain.missing_since is None
        problem = _what_was_found(domain, found)
        _note(domain, missing_since=domain.missing_since or now, problem=problem)
        if first:
            signals.domain_unseen.send(sender=Domain, domain=domain)


def _switch_off(domain: Domain) -> None:
    with schema_context("public"), transaction.atomic():
        locked = _lock(domain)
        _leave_main(locked)
        locked.is_live, locked.missing_since, locked.checked_at = False, None, timezone.now()
        locked.problem = f"The record at {locked.record_name} has vanished."
        locked.save()
        _record("domain.switched_off", locked, None)
        signals.domain_switched_off.send(sender=Domain, domain=locked)
    domain.is_live, domain.missing_since = False, None


def _leave_main(domain: Domain) -> None:
    tenant = domain.tenant
    if tenant.main_domain == domain.domain:
        tenant.main_domain = ""
        tenant.save(update_fields=["main_domain"])


def _note(domain: Domain, *, problem: str = "", **changes: Any) -> None:
    values = {"checked_at": timezone.now(), "problem": problem[:300], **changes}
    for name, value in values.items():
        setattr(domain, name, value)
    Domain.objects.filter(pk=domain.pk).update(**values)


def _what_was_found(domain: Domain, found: list[str]) -> str:
    if not found:
        return (
            f"There is no TXT record at {domain.record_name} yet. A new record can take up to an "
            "hour to be seen."
        )
    return f"The TXT record at {domain.record_name} says something else: {found[0][:80]}"


def _lock(domain: Domain) -> Domain:
    """The row as it is now; changes to one workspace's domains queue on the workspace's row."""
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=domain.tenant_id)
    locked = Domain.objects.filter(pk=domain.pk).first()
    if locked is None:
        raise NotFound("This domain has been removed.")
    locked.tenant = tenant
    return locked


def _not_since(time: Any) -> Q:
    return Q(checked_at=None) | Q(checked_at__lte=time)


def _record(action: str, domain: Domain, by: Any) -> None:
    audit.record(action=action, by=by, schema_name=domain.tenant.schema_name, target=domain)
