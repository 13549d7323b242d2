"""An operator enters a workspace as one of its members: asked why, for a while, written down on
both sides.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.accounts.models import User
from apps.audit.services import entries as audit
from apps.core.errors import Invalid
from apps.impersonation.errors import CannotImpersonate
from apps.impersonation.models import Impersonation
from apps.impersonation.services import visits
from apps.mail.services import messages
from apps.tenants.access import Operator
from apps.tenants.errors import TicketRefused
from apps.tenants.localisation import in_the_words_of
from apps.tenants.models import Membership, Tenant

TICKET_LASTS = timedelta(minutes=1)
TOKEN_BYTES = 32
# The installation's own audit, where operators' deeds stand.
PUBLIC = "public"


def start(
    *,
    membership: Membership,
    reason: str,
    by: User,
    may_write: bool = False,
    write_reason: str = "",
) -> str:
    """The address on the workspace's host that lets the operator `by` in as that member, once and
    within a minute; the time runs from now.

    Raises `Invalid` without reasons, `CannotImpersonate` for operators, for people who are locked
    out, and for workspaces that are not open.
    """
    _check(reason, write_reason if may_write else reason)
    _require_possible(membership, by)
    ticket, now = secrets.token_urlsafe(TOKEN_BYTES), timezone.now()
    tenant, person = membership.tenant, membership.user
    with schema_context(PUBLIC), transaction.atomic():
        record = Impersonation.objects.create(
            schema_name=tenant.schema_name, operator=by, operator_label=by.email, person=person,
            person_label=str(person.email or person), reason=reason.strip(), may_write=may_write,
            write_reason=write_reason.strip() if may_write else "", ticket_hash=_hash(ticket),
            expires_at=now + timedelta(minutes=settings.IMPERSONATION_MINUTES), created_at=now,
        )  # fmt: skip
        about = {
            "reason": record.reason, "may_write": may_write, "write_reason": record.write_reason,
            "until": record.expires_at.isoformat(),
        }  # fmt: skip
        _record("impersonation.started", record, tenant.schema_name, by, about)
        if settings.IMPERSONATION_TELLS_OWNERS:
            _tell(record, tenant)
    return f"{tenant.own_url}/impersonation/enter/?ticket={ticket}"


def enter(*, ticket: str, tenant: Tenant) -> Impersonation:
    """The impersonation behind a ticket, which is burnt. Raises `TicketRefused`."""
    now = timezone.now()
    with schema_context(PUBLIC), transaction.atomic():
        fresh = Impersonation.objects.filter(
            ticket_hash=_hash(ticket), schema_name=tenant.schema_name, entered_at=None,
            ended_at=None, created_at__gt=now - TICKET_LASTS,
        )  # fmt: skip
        if not fresh.update(entered_at=now):
            raise TicketRefused("Start again from the console.")
        return Impersonation.objects.get(ticket_hash=_hash(ticket))


def find_running(*, record_id: str, tenant: Tenant) -> tuple[Impersonation, Membership] | None:
    """What goes on in this workspace, with the member it is about; None when it is over for any
    reason: time, an end, an operator who is none any more, a member who left.
    """
    running = Impersonation.objects.running().filter(
        pk=record_id, schema_name=tenant.schema_name,
        operator__is_staff=True, operator__is_active=True,
    )  # fmt: skip
    record = running.select_related("operator", "person").first()
    if record is None or record.person is None or record.person.is_staff:
        return None
    membership = Membership.objects.of(user=record.person, tenant=tenant)
    return (record, membership) if membership else None


def end(*, record: Impersonation) -> None:
    """End it; ending it twice changes nothing."""
    with schema_context(PUBLIC), transaction.atomic():
        open_ones = Impersonation.objects.filter(pk=record.pk, ended_at=None)
        if open_ones.update(ended_at=timezone.now()) and record.operator:
            seen = visits.summary(record=record)
            _record("impersonation.ended", record, record.schema_name, record.operator, seen)


def end_expired() -> int:
    """Close those whose time is over; how many."""
    rows = Impersonation.objects.filter(
        ended_at=None, entered_at__isnull=False, expires_at__lte=timezone.now()
    )
    found = list(rows.select_related("operator"))
    for record in found:
        end(record=record)
    return len(found)


def end_all_of(*, operator: User) -> None:
    """Whatever the operator has under way ends with their own session."""
    for record in Impersonation.objects.filter(operator=operator, ended_at=None).filter(
        expires_at__gt=timezone.now()
    ):
        end(record=record)


def find(*, record_id: UUID) -> Impersonation | None:
    return Impersonation.objects.select_related("operator").filter(pk=record_id).first()


def _check(reason: str, write_reason: str) -> None:
    longest = 500
    errors = {}
    for name, text in (("reason", reason), ("write_reason", write_reason)):
        if not text.strip():
            errors[name] = ["Say why: the workspace's people read it in their audit."]
        elif len(text.strip()) > longest:
            errors[name] = [f"Say it in {longest} characters or fewer."]
    if errors:
        raise Invalid(errors=errors)


def _require_possible(membership: Membership, by: User) -> None:
    person, tenant = membership.user, membership.tenant
    if not (by.is_staff and by.is_active):
        raise CannotImpersonate("Only operators can.")
    if person.is_staff or person.is_superuser or person.pk == by.pk:
        raise CannotImpersonate(f"{person} is an operator.")
    if not person.is_active or membership.suspended_at is not None:
        raise CannotImpersonate(f"{person} is locked out and sees no page either.")
    if not tenant.is_open:
        raise CannotImpersonate(f"{tenant} is {tenant.get_state_display().lower()}.")


def _record(
    action: str, record: Impersonation, schema_name: str, by: User, data: dict[str, Any]
) -> None:
    """In the workspace's audit and in the operators' own."""
    for place in (schema_name, PUBLIC):
        audit.record(
            action=action, by=Operator(by), schema_name=place, target=record,
            data={"workspace": schema_name, **data},
        )  # fmt: skip


def _tell(record: Impersonation, tenant: Tenant) -> None:
    owners = tenant.memberships.owners().filter(user__is_active=True)
    for email in owners.order_by("created_at").values_list("user__email", flat=True):
        with in_the_words_of(tenant):
            messages.send(
                template="mail/impersonation", to=email,
                context={"record": record, "tenant": tenant}, schema_name=PUBLIC,
            )  # fmt: skip


def _hash(ticket: str) -> str:
    # 256 random bits need no slow hash.
    return hashlib.sha256(ticket.encode()).hexdigest()
