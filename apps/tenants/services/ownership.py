"""Handing a workspace over: an owner offers it to another member, who accepts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.services import entries as audit
from apps.core.errors import Invalid
from apps.tenants import roles
from apps.tenants.access import require, require_writable
from apps.tenants.errors import TransferGone, TransferUnderWay
from apps.tenants.models import Membership, OwnershipTransfer, Tenant
from apps.tenants.permissions import Role
from apps.tenants.services import memberships
from apps.tenants.signals import ownership_accepted, ownership_offered

State = OwnershipTransfer.State
HOLDS = timedelta(days=7)


def offer(*, membership: Membership, by: User) -> OwnershipTransfer:
    """Offer the workspace to that member. Until they accept, nothing changes; the offer stands
    for a week. Raises `Invalid` for somebody who cannot own it, `TransferUnderWay`.
    """
    tenant, taker = membership.tenant, membership.user
    require("members.make_owner", by=by, tenant=tenant)
    _require_fit(membership, by)
    with transaction.atomic():
        _lock(tenant)
        OwnershipTransfer.objects.filter(
            tenant=tenant, state=State.OFFERED, expires_at__lte=timezone.now()
        ).update(state=State.WITHDRAWN)
        try:
            with transaction.atomic():
                made = OwnershipTransfer.objects.create(
                    tenant=tenant, giver=by, taker=taker, expires_at=timezone.now() + HOLDS
                )
        except IntegrityError as error:
            raise TransferUnderWay("Take the open offer back first.") from error
        _record("ownership.offered", made, by)
        ownership_offered.send(sender=OwnershipTransfer, transfer=made)
    return made


def accept(*, transfer: OwnershipTransfer, by: User) -> None:
    """Become owner; whoever gave becomes admin. Raises `TransferGone` when the offer, or the
    giver's own right to it, is no more, `LimitReached` where a student would need a seat.
    """
    require_writable(tenant=transfer.tenant)
    with transaction.atomic():
        locked = _open(transfer)
        if locked.taker_id != by.pk:
            raise TransferGone
        taker = _member(locked.tenant, locked.taker)
        giver = _member(locked.tenant, locked.giver)
        if giver.role != Role.OWNER:
            raise TransferGone("Whoever offered it does not own it any more.")
        memberships.want_staff(taker, becoming=roles.choose(tenant=locked.tenant, key=Role.OWNER))
        for membership, role in ((taker, Role.OWNER), (giver, Role.ADMIN)):
            membership.role, membership.custom_role = role, None
            membership.save(update_fields=["role", "custom_role"])
        _answer(locked, State.ACCEPTED)
        _record("ownership.transferred", locked, by)
        ownership_accepted.send(sender=OwnershipTransfer, transfer=locked)


def decline(*, transfer: OwnershipTransfer, by: User) -> None:
    """Whom it is offered to does not want it."""
    with transaction.atomic():
        locked = _open(transfer)
        if locked.taker_id != by.pk:
            raise TransferGone
        _answer(locked, State.DECLINED)
        _record("ownership.declined", locked, by)


def withdraw(*, transfer: OwnershipTransfer, by: Any) -> None:
    """Any owner takes an open offer back."""
    require("members.make_owner", by=by, tenant=transfer.tenant)
    with transaction.atomic():
        locked = _open(transfer)
        _answer(locked, State.WITHDRAWN)
        _record("ownership.withdrawn", locked, by)


def find_open(*, tenant: Tenant) -> OwnershipTransfer | None:
    """The offer that stands in this workspace, if any."""
    found = OwnershipTransfer.objects.open().filter(tenant=tenant)
    return found.select_related("tenant", "giver", "taker").first()


def find(*, tenant: Tenant, transfer_id: UUID) -> OwnershipTransfer:
    """Raises `TransferGone` for another workspace's offer as for none."""
    found = OwnershipTransfer.objects.open().filter(tenant=tenant, pk=transfer_id)
    transfer = found.select_related("tenant", "giver", "taker").first()
    if transfer is None:
        raise TransferGone
    return transfer


def candidates(*, tenant: Tenant, by: User) -> list[Membership]:
    """Who can be offered it: members with an e-mail who are no owners and not locked out."""
    members = Membership.objects.in_force().filter(tenant=tenant).exclude(role=Role.OWNER)
    found = members.exclude(user=by).exclude(user__email="").select_related("user", "custom_role")
    return list(found.order_by("user__name", "user__email")[:500])


def _require_fit(membership: Membership, by: User) -> None:
    person = membership.user
    wrong = ""
    if person.pk == by.pk or membership.role == Role.OWNER:
        wrong = f"{person} owns it already."
    elif not person.is_reachable or membership.suspended_at or not person.is_active:
        wrong = f"{person} cannot own it: they have no e-mail here, or are locked out."
    if wrong:
        raise Invalid(errors={"member": [wrong]})


def _open(transfer: OwnershipTransfer) -> OwnershipTransfer:
    _lock(transfer.tenant)
    return find(tenant=transfer.tenant, transfer_id=transfer.pk)


def _lock(tenant: Tenant) -> None:
    """Changes of who belongs to a workspace queue on its row."""
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)


def _member(tenant: Tenant, person: User) -> Membership:
    found = Membership.objects.of(user=person, tenant=tenant)
    if found is None:
        raise TransferGone(f"{person} is no member any more.")
    return found


def _answer(transfer: OwnershipTransfer, state: State) -> None:
    transfer.state, transfer.answered_at = state, timezone.now()
    transfer.save(update_fields=["state", "answered_at"])


def _record(action: str, transfer: OwnershipTransfer, by: Any) -> None:
    audit.record(
        action=action, by=by, schema_name=transfer.tenant.schema_name, target=transfer.taker,
        data={"from": transfer.giver.email, "to": transfer.taker.email},
    )  # fmt: skip
