"""From an event to rows: what it is about is fetched as it stands now, and stored.

Events say that something has happened, not how things are: they come late, twice, in any order,
or never. So each object that events tell of is asked for at Stripe once, and what that says is
stored. Whatever came before or after, the end is the same.

One transaction an object: it locks the account, notes which events it will have answered, fetches,
stores, and marks them. Nobody stores two answers about one customer side by side, so an older one
is never written over a newer one; an event that comes in while its object is fetched is not marked,
and has it fetched again. What cannot be stored holds up nothing else.
"""

from __future__ import annotations

import traceback
from datetime import timedelta
from typing import Any, Final

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection, transaction
from django.db.models import Min
from django.utils import timezone

from apps.core.breaker import BreakerOpen
from apps.core.errors import DomainError
from apps.payments import stripe_api
from apps.payments.errors import NotForSale, StripeError, StripeObjectMissing
from apps.payments.models import Account, StripeEvent
from apps.payments.models.events import StripeEventQuerySet
from apps.payments.services import (
    accounts,
    billing_details,
    changes,
    clocks,
    duplicates,
    objects,
    paused_use,
)

State = StripeEvent.State
FIRST_WAIT: Final = timedelta(seconds=5)
# Stripe comes back when it does; a mistake of ours takes a release.
LONGEST_WAIT, LONGEST_OUTAGE_WAIT = timedelta(hours=6), timedelta(minutes=5)
MOST_ATTEMPTS: Final = 12  # where it is not Stripe that fails: a day and a half
# An event may come before the transaction is over in which its customer was written down.
STRANGER_FOR: Final = timedelta(minutes=10)
MOST_AT_ONCE: Final = 500
LONGEST_TRACEBACK: Final = 5_000
# What others refer to comes first, what is not named here last.
ORDER: Final = (
    clocks.KIND, "product", "price", "tax_rate", "coupon", "promotion_code", "customer",
    "subscription", "invoice", "payment_intent", "charge", "credit_note", "refund",
)  # fmt: skip
# These can be deleted, and Stripe then does not always say so but knows nothing of them.
DELETABLE: Final = frozenset(
    {"product", "price", "coupon", "promotion_code", "customer", "invoice", clocks.KIND}
)

log = structlog.get_logger(__name__)


class Stranger(DomainError):
    code = "stripe_customer_unknown"
    title = "This customer of Stripe's is none of ours"


def request(*, customer_id: str) -> None:
    """Have what waits for the customer dealt with, in the caller's transaction. "": what belongs
    to no customer.
    """
    from apps.payments.tasks import sync as task

    task.enqueue(by=None, schema_name="public", customer_id=customer_id)


def sync(*, customer_id: str) -> dict[str, int]:
    """Deal with all that is due for the customer, then see what follows for the account. Returns
    of how many objects that came off, and of how many not.
    """
    done = {"stored": 0, "failed": 0}
    try:
        _tell_time(customer_id)
        while wanted := _objects_of(customer_id):
            for kind, object_id in wanted:
                done["stored" if _take(kind, object_id, customer_id) else "failed"] += 1
    except StripeError as error:
        # Nobody answers: nothing is held against any event.
        wait = timedelta(seconds=error.retry_after or 30)
        due = StripeEvent.objects.due().filter(customer_id=customer_id)
        due.update(due_at=timezone.now() + wait, problem=error.as_problem())
    account = Account.objects.of_customer(customer_id) if customer_id else None
    if account is not None:
        try:
            _follow(account)
        finally:
            accounts.settle(account)
    return done


def _follow(account: Account) -> None:
    """What is to be done at Stripe about what has come in: who paid twice may never come back to
    the page that says so, another tax is owed when the tax office does not know a VAT number, a
    planned change has come, and what was used before a pause stands on an invoice that is void.
    While Stripe does not answer it waits for the next time.
    """
    for deed in (
        duplicates.resolve,
        billing_details.follow_tax,
        changes.let_go,
        paused_use.bill,
    ):
        try:
            deed(account)
        except (StripeError, NotForSale) as error:
            name = deed.__name__
            log.warning("stripe_not_told", what=name, account=str(account.pk), why=error.detail)


def sweep() -> int:
    """Ask for a job for each customer with something due: what fell between two, and what is to
    be tried again. Returns how many.
    """
    rows = StripeEvent.objects.due().order_by().values("customer_id").annotate(first=Min("due_at"))
    waiting = rows.order_by("first").values_list("customer_id", flat=True)[:MOST_AT_ONCE]
    for customer_id in waiting:
        request(customer_id=customer_id)
    return len(waiting)


def _objects_of(customer_id: str) -> list[tuple[str, str]]:
    due = StripeEvent.objects.due().filter(customer_id=customer_id)
    found = due.order_by().values_list("object_type", "object_id").distinct()[:MOST_AT_ONCE]
    places = {kind: place for place, kind in enumerate(ORDER)}
    return sorted(found, key=lambda one: (places.get(one[0], len(places)), one))


def _tell_time(customer_id: str) -> None:
    account = Account.objects.filter(customer_id=customer_id).first() if customer_id else None
    if account is not None:
        clocks.tell_time(account)


def _take(kind: str, object_id: str, customer_id: str) -> bool:
    """Fetch and store one object, and mark what told of it; False where that failed."""
    told = StripeEvent.objects.waiting().filter(
        object_type=kind, object_id=object_id, customer_id=customer_id
    )
    try:
        with transaction.atomic():
            account = lock(customer_id or f"{kind} {object_id}")
            answered = list(told.values_list("pk", flat=True))
            changes = _answer(kind, object_id, customer_id, account)
            StripeEvent.objects.filter(pk__in=answered).update(**changes)
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:
        if isinstance(error.__cause__, BreakerOpen):
            raise
        _note(told, error)
        return False
    return True


def lock(name: str) -> Account | None:
    """The account of the customer of that id, to be written by nobody else until the caller's
    transaction ends; what has no account is locked by its name.
    """
    account = Account.objects.select_for_update(no_key=True, of=("self",)).of_customer(name)
    if account is None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 815))", [name])
    return account


def _answer(kind: str, object_id: str, customer_id: str, account: Account | None) -> dict[str, Any]:
    """Store the object as Stripe has it now; returns how its events go on."""
    if not object_id or not objects.is_kept(kind):
        return {"state": State.IGNORED, "problem": None}
    if customer_id and account is None:
        raise Stranger("No account has this customer.")
    found = fetch(kind, object_id)
    if not customer_id and (owner := objects.customer_of(found)):
        # A refund, say, does not name its customer: now that it is known, under their lock.
        request(customer_id=owner)
        return {"customer_id": owner}
    objects.store(found, account)
    return {"state": State.PROCESSED, "processed_at": timezone.now(), "problem": None}


def fetch(kind: str, object_id: str) -> dict[str, Any]:
    """The object as it is now; one that Stripe knows no more, as deleted. Raises `StripeError`."""
    try:
        return stripe_api.retrieve(kind, object_id)
    except StripeObjectMissing:
        if kind not in DELETABLE:
            raise
        return {"id": object_id, "object": kind, "deleted": True}


def _note(told: StripeEventQuerySet, error: Exception) -> None:
    """Try again later and later, or give up where that cannot help."""
    log.warning("stripe_event_failed", error=repr(error)[:500])
    now = timezone.now()
    for event in told.defer("payload"):
        event.attempts += 1
        event.problem = _problem(error)
        event.due_at = now + _wait(error, event.attempts)
        event.state = _next_state(error, event)
        event.save(update_fields=["attempts", "problem", "due_at", "state"])


def _next_state(error: Exception, event: StripeEvent) -> State:
    if isinstance(error, Stranger):
        is_over = timezone.now() - event.received_at > STRANGER_FOR
        return State.IGNORED if is_over else State.WAITING
    if isinstance(error, StripeObjectMissing):
        return State.FAILED
    if isinstance(error, StripeError) and not error.permanent:
        return State.WAITING
    # Also what Stripe refuses because of a key that was rolled a moment ago.
    return State.FAILED if event.attempts >= MOST_ATTEMPTS else State.WAITING


def _wait(error: Exception, attempts: int) -> timedelta:
    is_stripes = isinstance(error, StripeError) and not error.permanent
    longest = LONGEST_OUTAGE_WAIT if is_stripes else LONGEST_WAIT
    wish = timedelta(seconds=getattr(error, "retry_after", None) or 0)
    growing: timedelta = FIRST_WAIT * 4 ** min(attempts - 1, 12)
    return max(wish, min(growing, longest))


def _problem(error: Exception) -> dict[str, Any]:
    if isinstance(error, DomainError):
        return error.as_problem()
    text = "".join(traceback.format_exception(error))[-LONGEST_TRACEBACK:]
    return {"code": "internal_error", "detail": repr(error)[:500], "traceback": text}
