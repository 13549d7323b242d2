"""A new workspace's first steps. They can be skipped, left and taken up again; what was done is
known wherever it was done, because steps listen to the deed and not to their page.

Upper floors add steps of their own when they start:

    onboarding.register(Step("first_experience", …))
    onboarding.complete(schema_name=…, step="first_experience", by=user)
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, Literal

from django.db import transaction
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.accounts.models import User
from apps.audit.services import entries as audit
from apps.core.actors import label_of
from apps.core.errors import DomainError, Invalid, NotFound
from apps.tenants.access import require
from apps.tenants.models import Onboarding, Tenant
from apps.tenants.services import configuration, invitations

MOST_ADDRESSES = 100
State = Literal["done", "skipped"]


@dataclass(frozen=True)
class Step:
    """`page` is the URL name of where it is done, `permission` what that takes."""

    name: str
    title: str
    text: str
    icon: str
    page: str
    permission: str
    position: int


@dataclass(frozen=True)
class Progress:
    """The steps as one member sees them; each is a Step with its state, who and when."""

    steps: list[dict[str, Any]]
    is_closed: bool

    @property
    def next_step(self) -> Step | None:
        return next((one["step"] for one in self.steps if not one["state"]), None)

    @property
    def settled(self) -> int:
        return sum(1 for one in self.steps if one["state"])

    def after(self, name: str) -> Step | None:
        """The next open step behind this one, or the first that is open."""
        names = [one["step"].name for one in self.steps]
        behind = self.steps[names.index(name) + 1 :] if name in names else []
        later = next((one["step"] for one in behind if not one["state"]), None)
        return later or self.next_step


@dataclass(frozen=True)
class Invited:
    """Who was invited, and who was not for which reason."""

    sent: list[str]
    refused: list[tuple[str, str]]


_registered: dict[str, Step] = {}
BRANDING: Final = Step(
    "branding", "Give it your colour", "Your colour and mark on every page, light and dark.",
    "eye", "welcome_branding", "workspace.configure", 10,
)  # fmt: skip
INVITE: Final = Step(
    "invite", "Invite your colleagues", "Several addresses at once; each gets a mail of its own.",
    "users", "welcome_invite", "members.invite", 20,
)  # fmt: skip


def register(step: Step) -> None:
    """Offer a step; a name registered again replaces the earlier step."""
    _registered[step.name] = step


register(BRANDING)
register(INVITE)


def begin(*, tenant: Tenant, by: Any) -> Onboarding:
    """Offer the first steps on the workspace's home; beginning again changes nothing."""
    with schema_context("public"):
        person = by if isinstance(by, User) else None
        return Onboarding.objects.get_or_create(tenant=tenant, defaults={"started_by": person})[0]


def progress(*, tenant: Tenant, can: Collection[str]) -> Progress:
    """The steps open to somebody with these permissions, one query."""
    row = Onboarding.objects.filter(tenant=tenant).first()
    known = row.steps if row else {}
    steps = [
        {"step": step, "state": "", "by": "", "at": "", **known.get(step.name, {})}
        for step in sorted(_registered.values(), key=lambda step: step.position)
        if step.permission in can
    ]
    return Progress(steps, is_closed=row is None or row.closed_at is not None)


def is_untouched(*, tenant: Tenant) -> bool:
    """Begun, and nobody has taken or skipped a step: the founder has not been here yet."""
    return Onboarding.objects.filter(tenant=tenant, steps={}, closed_at=None).exists()


def complete(*, schema_name: str, step: str, by: Any) -> None:
    """Note that a step's deed was done, in the deed's transaction. Where no first steps were
    begun, and for a step done before, nothing happens. `by` is an actor or a label.
    """
    with schema_context("public"), transaction.atomic():
        rows = Onboarding.objects.select_for_update(no_key=True, of=("self",))
        row = rows.filter(tenant__schema_name=schema_name).select_related("tenant").first()
        if row is not None and row.steps.get(step, {}).get("state") != "done":
            _settle(row, step, "done", by)


def skip(*, tenant: Tenant, step: str, by: Any) -> None:
    """Put a step aside; it stays on the list and can be done later."""
    require("workspace.configure", by=by, tenant=tenant)
    if step not in _registered:
        raise NotFound("There is no such step.")
    with schema_context("public"), transaction.atomic():
        row = Onboarding.objects.select_for_update(no_key=True).get(
            pk=begin(tenant=tenant, by=by).pk
        )
        if not row.steps.get(step):
            _settle(row, step, "skipped", by)


def close(*, tenant: Tenant, by: Any) -> None:
    """Take the first steps off the home page."""
    _show(tenant, by, shown=False)


def reopen(*, tenant: Tenant, by: Any) -> None:
    """Put the first steps back on the home page."""
    _show(tenant, by, shown=True)


def brand(
    *, tenant: Tenant, accent: str, mark: str, by: Any, base: int | None, over: int | None = None
) -> Tenant:
    """Set colour and mark and be done with that step, also when they stay as they are.

    Raises what `configuration.change` raises.
    """
    with schema_context("public"), transaction.atomic():
        changed = configuration.change(
            tenant=tenant, by=by, base=base, over=over, accent=accent, mark=mark
        )
        complete(schema_name=tenant.schema_name, step=BRANDING.name, by=by)
    return changed


def invite(*, tenant: Tenant, text: str, role: str, by: User) -> Invited:
    """Invite everybody named in a pasted text: addresses between commas, semicolons, spaces or
    line ends, bare or as `Ada <ada@school.example>`. One bad address holds up no other.

    Raises `Invalid` where there is none, or more than 100.
    """
    require("members.invite", by=by, tenant=tenant)
    addresses = _addresses(text)
    if not addresses:
        raise Invalid(errors={"emails": ["Write at least one e-mail address."]})
    if len(addresses) > MOST_ADDRESSES:
        text = f"These are {len(addresses)} addresses; send {MOST_ADDRESSES} at most at once."
        raise Invalid(errors={"emails": [text]})
    sent, refused = [], []
    for address in addresses:
        try:
            sent.append(invitations.send(tenant=tenant, email=address, role=role, by=by).email)
        except Invalid as error:
            reasons = [reason for found in error.errors.values() for reason in found]
            refused.append((address, " ".join(reasons) or error.detail))
        except DomainError as error:
            refused.append((address, error.detail))
    return Invited(sent, refused)


def _addresses(text: str) -> list[str]:
    found: dict[str, str] = {}
    for entry in re.split(r"[,;\n\r]+", text):
        bracketed = re.findall(r"<\s*([^<>\s]+)\s*>", entry)
        for address in bracketed or entry.split():
            found.setdefault(address.lower(), address)
    return list(found.values())


def _show(tenant: Tenant, by: Any, *, shown: bool) -> None:
    require("workspace.configure", by=by, tenant=tenant)
    with schema_context("public"), transaction.atomic():
        row = begin(tenant=tenant, by=by)
        row.closed_at = None if shown else timezone.now()
        row.save(update_fields=["closed_at"])
        action = "onboarding.reopened" if shown else "onboarding.closed"
        audit.record(action=action, by=by, schema_name=tenant.schema_name, target=row)


def _settle(row: Onboarding, step: str, state: State, by: Any) -> None:
    label = label_of(by)
    row.steps[step] = {"state": state, "by": label, "at": timezone.now().isoformat()}
    if all(name in row.steps for name in _registered):
        row.closed_at = row.closed_at or timezone.now()
    row.save(update_fields=["steps", "closed_at"])
    audit.record(
        action=f"onboarding.{state}", by=by, schema_name=row.tenant.schema_name,
        target=row, label=step,
    )  # fmt: skip
