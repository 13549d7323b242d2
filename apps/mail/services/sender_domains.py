"""Sender domains: wished for, verified by their records, mailed from, and looked after."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.audit.services import entries as audit
from apps.core.actors import label_of
from apps.core.database import connection
from apps.core.errors import Invalid, NotFound
from apps.jobs.models import JobRun
from apps.mail import sender_records, sendgrid_api
from apps.mail.errors import (
    SenderDomainKnown,
    SenderDomainNotReady,
    SenderDomainNotVerified,
)
from apps.mail.sender_models import SenderDomain
from apps.mail.sender_records import Record
from apps.mail.services import owners, sender_setup
from apps.tenants.access import Operator, require
from apps.tenants.domain_names import normalise
from apps.tenants.models import Tenant
from apps.usage.plans import SENDER_DOMAINS
from apps.usage.services import limits

# What RFC 5322 calls a dot-atom, in small letters, as people write their addresses.
LOCAL_PART: Final = re.compile(r"[a-z0-9_+-]+(\.[a-z0-9_+-]+)*")
LONGEST_LOCAL_PART, LONGEST_NAME = 64, 100
USUAL: Final = "hello"
CHECK_EVERY = timedelta(hours=6)
# A wish is looked at by itself for a week; after that somebody presses the button.
WAIT_FOR, WAIT_BETWEEN = timedelta(days=7), timedelta(minutes=15)
# Name servers stumble: what has vanished is looked for once more before the sender changes.
LOOK_AGAIN_AFTER = timedelta(minutes=10)


def add(
    *, tenant: Tenant, domain: str, by: Any, local_part: str = USUAL, from_name: str = ""
) -> SenderDomain:
    """Wish for a domain; mail comes from it once `verify` has seen its records.

    `from_name` is the name beside the address, "" for the workspace's. Where SendGrid signs, a job
    tells it of the domain, and its records are known after that (`sender_setup`). Raises
    `Invalid`, `SenderDomainKnown` and `LimitReached`.
    """
    require("sender_domains.create", by=by, tenant=tenant)
    name, address = normalise(domain), _checked(local_part, from_name)
    with schema_context("public"), transaction.atomic():
        limits.require(SENDER_DOMAINS, tenant=tenant)
        if tenant.sender_domains.filter(domain=name).exists():
            raise SenderDomainKnown(f"{name} is among this workspace's sender domains already.")
        made = SenderDomain(tenant=tenant, domain=name, created_by=label_of(by), **address)
        made.is_chosen = not tenant.sender_domains.filter(is_chosen=True).exists()
        sender_setup.begin(made, by=by)
        _record("sender_domain.added", made, by)
    return made


def find(*, tenant: Tenant, pk: Any) -> SenderDomain:
    """Raises `NotFound` for another workspace's domain as for none."""
    found = SenderDomain.objects.select_related("tenant").filter(tenant=tenant, pk=pk).first()
    if found is None:
        raise NotFound("There is no such sender domain in this workspace.")
    return found


def update(
    *, domain: SenderDomain, by: Any, local_part: str | None = None, from_name: str | None = None
) -> SenderDomain:
    """Change the address and the name that mail comes from. Raises `Invalid`."""
    require("sender_domains.update", by=by, tenant=domain.tenant)
    with schema_context("public"), transaction.atomic():
        locked = _lock(domain)
        before = {"local_part": locked.local_part, "from_name": locked.from_name}
        wished = _checked(
            locked.local_part if local_part is None else local_part,
            locked.from_name if from_name is None else from_name,
        )
        if wished != before:
            locked.local_part, locked.from_name = wished["local_part"], wished["from_name"]
            locked.save(update_fields=["local_part", "from_name"])
            _record("sender_domain.updated", locked, by, before=before, after=wished)
    return locked


def choose(*, domain: SenderDomain, by: Any) -> SenderDomain:
    """Have mail come from this one of the workspace's domains."""
    require("sender_domains.update", by=by, tenant=domain.tenant)
    with schema_context("public"), transaction.atomic():
        locked = _lock(domain)
        if not locked.is_chosen:
            locked.tenant.sender_domains.filter(is_chosen=True).update(is_chosen=False)
            locked.is_chosen = True
            locked.save(update_fields=["is_chosen"])
            _record("sender_domain.chosen", locked, by)
    return locked


def verify(*, domain: SenderDomain, by: Any) -> SenderDomain:
    """Look for the records now. Raises `SenderDomainNotVerified` with what was found of each,
    `SenderDomainNotReady` while they are not known, and a `VendorError` when name servers or
    SendGrid do not answer.
    """
    require("sender_domains.update", by=by, tenant=domain.tenant)
    if not domain.is_prepared:
        raise SenderDomainNotReady(
            domain.problem or "SendGrid has not answered yet: wait a moment."
        )
    looked = _note(domain, *_look(domain), by=by)
    if looked.state != "verified":
        raise SenderDomainNotVerified(looked.problem, records=looked.records)
    return looked


def recheck(*, domain: SenderDomain, by: Operator) -> SenderDomain:
    """An operator has the records looked for, or SendGrid asked again, and stands in the audit.
    Raises what `verify` and `sender_setup.try_again` do.
    """
    with schema_context("public"), transaction.atomic():
        _record("sender_domain.rechecked", domain, by)
    if domain.state == "failed":
        return sender_setup.try_again(domain=domain, by=by)
    return verify(domain=domain, by=by)


def remove(*, domain: SenderDomain, by: Any) -> None:
    """Mail comes from it no more; SendGrid signs for it no more."""
    from apps.mail.tasks import forget_at_sendgrid

    require("sender_domains.delete", by=by, tenant=domain.tenant)
    with schema_context("public"), transaction.atomic():
        locked = _lock(domain)
        _record("sender_domain.removed", locked, by)
        locked.delete()
        rest = locked.tenant.sender_domains.order_by("-is_live", "created_at").first()
        if locked.is_chosen and rest is not None:
            rest.is_chosen = True
            rest.save(update_fields=["is_chosen"])
        if locked.vendor_id and settings.SENDGRID_API_KEY:
            forget_at_sendgrid.enqueue(by=None, schema_name="public", vendor_id=locked.vendor_id)


def due() -> QuerySet[SenderDomain]:
    """Those to look at now."""
    now = timezone.now()
    used = Q(is_live=True, missing_since=None) & _not_since(now - CHECK_EVERY)
    doubtful = Q(is_live=True, missing_since__isnull=False) & _not_since(now - LOOK_AGAIN_AFTER)
    lost = Q(is_live=False, verified_at__isnull=False) & _not_since(now - CHECK_EVERY)
    fresh = Q(is_live=False, verified_at=None, created_at__gt=now - WAIT_FOR)
    rows = SenderDomain.objects.prepared().exclude(tenant__state=Tenant.State.PURGING)
    return rows.filter(used | doubtful | lost | (fresh & _not_since(now - WAIT_BETWEEN)))


def start_checks() -> list[JobRun]:
    """A job for each that is `due`; one that has a job already gets no second."""
    from apps.mail.tasks import check_sender_domain

    return [
        check_sender_domain.enqueue(by=None, schema_name="public", domain_id=str(domain.pk))
        for domain in due()
    ]


def check(*, domain: SenderDomain) -> str:
    """The look that `due` asks for; returns the domain's state afterwards. Raises a `VendorError`
    after which nothing has changed: silence is no answer.
    """
    if not domain.is_prepared:
        return domain.state
    return _note(domain, *_look(domain), by=None).state


def count() -> int:
    """How many the present workspace has."""
    return SenderDomain.objects.of_workspace(connection.schema_name).count()


def _look(domain: SenderDomain) -> tuple[list[Record], str]:
    """The records as they are found, and why nothing can be sent, or ""."""
    found = [sender_records.look(Record.of(stored)) for stored in domain.records]
    lacking = [record for record in found if record.is_required and record.state != "found"]
    if lacking:
        return found, _what_lacks(lacking)
    if domain.signer == SenderDomain.Signer.SENDGRID:
        if not settings.SENDGRID_API_KEY:
            return found, "SendGrid does not send for us any more: remove the domain, add it again."
        if not sendgrid_api.validate(domain.vendor_id):
            return found, "The records are there, but SendGrid has not seen them yet."
    return found, ""


def _note(domain: SenderDomain, found: list[Record], problem: str, *, by: Any) -> SenderDomain:
    with schema_context("public"), transaction.atomic():
        locked = _lock(domain)
        locked.records = [record.stored() for record in found]
        locked.checked_at, locked.problem = timezone.now(), problem[:300]
        if not problem:
            _switch_on(locked, by)
        elif locked.is_live:
            _miss(locked)
        locked.save()
    return locked


def _switch_on(locked: SenderDomain, by: Any) -> None:
    fresh, locked.is_live, locked.missing_since = not locked.is_live, True, None
    if fresh:
        locked.verified_at = locked.checked_at
        _record("sender_domain.verified", locked, by)
        _tell("sender_verified", locked)


def _miss(locked: SenderDomain) -> None:
    """Mail whose signature cannot be checked is worse than mail from the product, so the second
    look decides.
    """
    if locked.missing_since is None:
        locked.missing_since = locked.checked_at
    elif timezone.now() - locked.missing_since >= LOOK_AGAIN_AFTER:
        locked.is_live, locked.missing_since = False, None
        _record("sender_domain.lost", locked, None, problem=locked.problem)
        _tell("sender_lost", locked)


def _tell(template: str, locked: SenderDomain) -> None:
    context = {"tenant": locked.tenant, "sender": locked}
    owners.tell(template=f"mail/{template}", tenant=locked.tenant, context=context)


def _what_lacks(lacking: list[Record]) -> str:
    names = ", ".join(record.name for record in lacking)
    if all(record.state == "missing" for record in lacking):
        return f"Not there yet: {names}. A new record can take up to an hour to be seen."
    return f"Not as it should be: {names}. See what was found at each."


def _checked(local_part: str, from_name: str) -> dict[str, str]:
    local_part, from_name = local_part.strip().lower(), " ".join(from_name.split())
    errors: dict[str, list[str]] = {}
    if len(local_part) > LONGEST_LOCAL_PART or not LOCAL_PART.fullmatch(local_part):
        errors["local_part"] = ["What stands before the @: letters, digits, dots, + and hyphens."]
    if len(from_name) > LONGEST_NAME or not from_name.isprintable():
        errors["from_name"] = [f"At most {LONGEST_NAME} characters, without line breaks."]
    if errors:
        raise Invalid(errors=errors)
    return {"local_part": local_part, "from_name": from_name}


def _lock(domain: SenderDomain) -> SenderDomain:
    """The row as it is now; changes to one workspace's domains queue on the workspace's row."""
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=domain.tenant_id)
    locked = SenderDomain.objects.filter(pk=domain.pk).first()
    if locked is None:
        raise NotFound("This sender domain has been removed.")
    locked.tenant = tenant
    return locked


def _not_since(time: Any) -> Q:
    return Q(checked_at=None) | Q(checked_at__lte=time)


def _record(action: str, domain: SenderDomain, by: Any, **data: Any) -> None:
    audit.record(
        action=action, by=by, schema_name=domain.tenant.schema_name, target=domain,
        data={"domain": domain.domain, "signer": domain.signer, **data},
    )  # fmt: skip
