"""A workspace of its own, a customer on a test clock, and their time: what it is played on."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import stamina
from django.conf import settings
from django.utils import timezone

from apps.accounts.models import User
from apps.core.errors import Conflict
from apps.payments import stripe_api
from apps.payments.errors import ClockStuck
from apps.payments.event_types import EVENT_TYPES
from apps.payments.models import Account, Subscription
from apps.payments.services import accounts, catalogue_sync, dunning, gaps, sync
from apps.payments.services.ledger import recognition
from apps.tenants.models import Tenant
from apps.tenants.services import lifecycle, purges, tenants

MONTHS: Final = 14
LENGTH: Final = timedelta(days=426)
# Stripe lets a clock go two periods at a time, and days show what dunning does when.
LONGEST_HOP: Final = timedelta(days=20)
POLLS: Final = 600


@dataclass
class Stage:
    """`owner` acts for the workspace, `operators` for the people who run the installation.
    `newest` is the last event that was looked at.
    """

    tenant: Tenant
    owner: User
    account: Account
    start: datetime
    operators: tuple[User, User]
    newest: str

    @property
    def clock_id(self) -> str:
        return self.account.clock_id

    @property
    def now(self) -> datetime:
        return self.account.now

    @property
    def day(self) -> int:
        return (self.now - self.start).days

    @property
    def subscription(self) -> Subscription:
        found = self.account.subscription
        if found is None:
            raise Conflict("Nothing has been subscribed to yet.")
        return found

    def go_to(self, day: int) -> None:
        """Let the customer's time pass until noon of that day; whatever falls due happens."""
        goal = self.start + timedelta(days=day)
        while self.now < goal:
            self._advance(min(goal, self.now + LONGEST_HOP))
            self.catch_up()

    def catch_up(self) -> None:
        """What the webhooks, the jobs and the night would do by now."""
        for event in self._news():
            gaps.take_in(event)
        sync.sync(customer_id=str(self.account.customer_id))
        self.refresh()
        dunning.advance(account=self.account)
        recognition.recognise(until=self.now.date(), account=self.account)
        self.refresh()

    def refresh(self) -> None:
        self.account = Account.objects.select_related("tenant").get(pk=self.account.pk)
        self.tenant = Tenant.objects.get(pk=self.tenant.pk)

    def use_method(self, name: str) -> None:
        """Pay with one of Stripe's test methods from now on, as Checkout or the portal would have
        it. https://docs.stripe.com/testing#cards
        """
        customer = str(self.account.customer_id)
        method = stripe_api.call(
            lambda api: api.payment_methods.attach(name, {"customer": customer})
        )
        chosen = {"default_payment_method": method["id"]}
        stripe_api.call(lambda api: api.customers.update(customer, {"invoice_settings": chosen}))
        ident = self.subscription.pk
        stripe_api.call(lambda api: api.subscriptions.update(ident, chosen))
        self.catch_up()

    def _advance(self, to: datetime) -> None:
        wish = {"frozen_time": int(to.timestamp())}
        clocks = "test_helpers/test_clocks"
        stripe_api.request(f"{clocks}/{self.clock_id}/advance", "post", **wish)
        for attempt in stamina.retry_context(
            on=ClockStuck, attempts=POLLS, timeout=300, wait_initial=0.02, wait_max=1
        ):
            with attempt:
                if stripe_api.request(f"{clocks}/{self.clock_id}")["status"] != "ready":
                    raise ClockStuck("Stripe's test clock does not arrive.")
        self.refresh()

    def _news(self) -> Iterator[dict[str, Any]]:
        """Events since the last look, oldest first; those of others do no harm."""
        while page := stripe_api.request("events", limit=100, ending_before=self.newest)["data"]:
            self.newest = page[0]["id"]
            yield from (event for event in reversed(page) if event["type"] in EVENT_TYPES)


def build() -> Stage:
    """Raises `Conflict` where Stripe's key is a live one: no test clock goes there."""
    if settings.STRIPE_LIVE_MODE or not settings.STRIPE_SECRET_KEY:
        raise Conflict("A rehearsal needs a test key of Stripe's, or the sandbox.")
    catalogue_sync.apply(catalogue_sync.compare())
    tag = secrets.token_hex(3)
    start = (timezone.now() - LENGTH).replace(hour=12, minute=0, second=0, microsecond=0)
    owner = _person(f"owner-{tag}@rehearsal.example", "Rosa Rehearsal")
    tenant = tenants.create_now(
        name=f"Rehearsal School {tag}", slug=f"rehearsal-{tag}", kind=Tenant.Kind.SCHOOL,
        by=owner, report=lambda *_: None,
    )  # fmt: skip
    newest = stripe_api.request("events", limit=1)["data"][0]["id"]  # the catalogue has some
    clock = stripe_api.request(
        "test_helpers/test_clocks", "post", frozen_time=int(start.timestamp()), name=tenant.slug
    )
    account = accounts.connect(accounts.of(tenant), clock_id=clock["id"])
    operators = (
        _person(f"first-{tag}@rehearsal.example", "Otto Operator", staff=True),
        _person(f"second-{tag}@rehearsal.example", "Oda Operator", staff=True),
    )
    return Stage(tenant, owner, account, start, operators, newest)


def clear(stage: Stage) -> None:
    """Remove the workspace and its people; what is about money stays, as always."""
    lifecycle.delete(
        tenant=stage.tenant, confirmation=stage.tenant.slug, by=None, grace_days=0,
        reason="The rehearsal is over.",
    )  # fmt: skip
    purges.carry_out(tenant_id=stage.tenant.pk)
    User.objects.filter(pk__in=[stage.owner.pk, *(one.pk for one in stage.operators)]).update(
        is_active=False, is_staff=False
    )


def _person(email: str, name: str, *, staff: bool = False) -> User:
    found: User = User.objects.create_user(email, None, name=name, is_staff=staff)
    return found
