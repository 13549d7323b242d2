"""A new sender domain's first minutes: who signs for it, and with which records."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.core.errors import VendorError
from apps.mail import sender_records, sendgrid_api, signatures
from apps.mail.errors import NothingFailed
from apps.mail.sender_models import SenderDomain
from apps.tenants.access import require

Signer = SenderDomain.Signer


def begin(made: SenderDomain, *, by: Any) -> None:
    """Save a new domain, in the caller's transaction: with its records where the product signs,
    without where SendGrid does, whom a job asks after the commit.
    """
    if settings.SENDGRID_API_KEY:
        made.signer = Signer.SENDGRID
        made.save(force_insert=True)
        _ask(made, by=by)
        return
    made.signer, made.private_key = Signer.OWN, signatures.new_private_key()
    # A name of its own for each, so that a domain can be two workspaces', each with its key.
    made.selector = f"tbx{secrets.token_hex(4)}"
    records = sender_records.own(
        domain=made.domain, selector=made.selector, private_key=made.private_key
    )
    made.records = [record.stored() for record in records]
    made.save(force_insert=True)


def prepare(*, domain_id: str) -> str:
    """Tell SendGrid of the domain and keep which records it wants; returns the domain's state.

    Safe to repeat: what SendGrid knows of it already is not made again, and what it made of one
    that was removed meanwhile is forgotten. Raises `VendorError`.
    """
    domain = SenderDomain.objects.filter(pk=domain_id).first()
    if domain is None or domain.is_prepared:
        return domain.state if domain else "removed"
    told = sendgrid_api.authenticate(domain.domain, domain.subdomain)
    records = [*told.records, sender_records.policy(domain.domain)]
    with transaction.atomic():
        locked = SenderDomain.objects.select_for_update().filter(pk=domain_id).first()
        if locked is None:
            _forget(told.vendor_id)
            return "removed"
        locked.vendor_id, locked.problem, locked.failed_at = told.vendor_id, "", None
        locked.records = [record.stored() for record in records]
        locked.save(update_fields=["vendor_id", "problem", "failed_at", "records"])
    return locked.state


def note_delay(*, domain_id: str, error: VendorError) -> None:
    """SendGrid does not answer: the domain says why nothing moves, while it is asked again."""
    problem = f"{error.detail} It is asked again by itself."
    SenderDomain.objects.filter(pk=domain_id, vendor_id="").update(problem=problem[:300])


def note_failure(*, domain_id: str, detail: str) -> None:
    """It was asked for the last time; `try_again` begins anew."""
    problem = f"SendGrid did not take the domain: {detail}"
    SenderDomain.objects.filter(pk=domain_id, vendor_id="").update(
        problem=problem[:300], failed_at=timezone.now()
    )


def try_again(*, domain: SenderDomain, by: Any) -> SenderDomain:
    """Ask SendGrid once more after it has failed. Raises `NothingFailed`."""
    require("sender_domains.update", by=by, tenant=domain.tenant)
    with schema_context("public"), transaction.atomic():
        locked = SenderDomain.objects.select_for_update().get(pk=domain.pk)
        if locked.state != "failed":
            raise NothingFailed(f"SendGrid knows {locked}, or is being asked.")
        locked.problem, locked.failed_at = "", None
        locked.save(update_fields=["problem", "failed_at"])
        _ask(locked, by=by)
    return locked


def _ask(domain: SenderDomain, *, by: Any) -> None:
    from apps.mail.tasks import prepare_sender_domain

    prepare_sender_domain.enqueue(by=by, schema_name="public", domain_id=str(domain.pk))


def _forget(vendor_id: str) -> None:
    from apps.mail.tasks import forget_at_sendgrid

    forget_at_sendgrid.enqueue(by=None, schema_name="public", vendor_id=vendor_id)
