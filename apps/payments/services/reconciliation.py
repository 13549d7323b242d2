"""Our rows beside Stripe's objects: what differs is written down, and mended by the way on which
objects always come in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from apps.core.errors import DomainError, NotFound
from apps.payments import stripe_api
from apps.payments.errors import StripeObjectMissing
from apps.payments.models import Account, Finding, Payment, ReconcileRun
from apps.payments.services import accounts, comparison, objects
from apps.payments.services.comparison import ROWS, Drift
from apps.payments.services.ledger import verification

Object = Mapping[str, Any]
LEDGER: Final = "ledger"
# These are listed since a day: what is older and unpaid is found by its subscription's events.
DATED: Final = frozenset({"invoice", "charge", "credit_note", "refund", "dispute"})
# These are listed for a customer by the charges they are about.
BY_CHARGE: Final = {"refund": "amount_refunded", "dispute": "disputed"}
REPORT_EVERY: Final = 50
NIGHTLY: Final = timedelta(days=35)
LONGEST: Final = timedelta(hours=6)  # what is older and not over was killed


@dataclass
class Course:
    """One comparison on its way."""

    run: ReconcileRun
    accounts: dict[str, Account]
    report: Callable[[str], None]
    seen: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    changed: set[str] = field(default_factory=set)

    def count(self, kind: str, what: str) -> None:
        numbers = self.run.counts.setdefault(kind, {"seen": 0})
        numbers[what] = numbers.get(what, 0) + 1
        if what == "seen" and numbers["seen"] % REPORT_EVERY == 0:
            self.report(f"{kind}: {numbers['seen']} compared")

    def note(self, drift: Drift | None, customer_id: str) -> None:
        if drift is None:
            return
        self.count(drift.object_type, drift.kind)
        if drift.is_repaired:
            self.count(drift.object_type, "repaired")
            self.changed.add(customer_id)
        Finding.objects.create(run=self.run, customer_id=customer_id, **vars(drift))


def begin(
    *, repair: bool, customer_id: str = "", since: datetime | None = None, by: str = "system"
) -> ReconcileRun:
    """The row of a comparison, for `compare`. Raises `NotFound` for a customer of nobody."""
    if customer_id and not Account.objects.filter(customer_id=customer_id).exists():
        raise NotFound("No account has this customer.")
    return ReconcileRun.objects.create(
        repairs=repair, customer_id=customer_id, since=since, asked_by=by[:254]
    )


def compare(run: ReconcileRun, report: Callable[[str], None] = lambda _words: None) -> ReconcileRun:
    """Go through all that Stripe has of our customers, and all that we have. Raises `StripeError`
    when Stripe does not answer. Whatever ends it, what was found until then is kept.
    """
    chosen = Account.objects.connected()
    if run.customer_id:
        chosen = chosen.filter(customer_id=run.customer_id)
    course = Course(run, {str(one.customer_id): one for one in chosen}, report)
    run.counts, run.problem, run.state = {}, None, ReconcileRun.State.RUNNING
    run.findings.all().delete()
    try:
        _go_through(course)
    except Exception as error:
        run.state, run.problem = ReconcileRun.State.FAILED, _problem(error)
        raise
    else:
        run.state = ReconcileRun.State.FINISHED
    finally:
        run.finished_at = timezone.now()
        run.save()
    return run


def _problem(error: Exception) -> dict[str, Any]:
    return error.as_problem() if isinstance(error, DomainError) else {"detail": repr(error)[:500]}


def customer_of(name: str) -> str:
    """The customer of a workspace, by its slug, its schema or its customer's id. Raises
    `NotFound`.
    """
    found = Account.objects.connected().named(name).first()
    if found is None:
        raise NotFound("Stripe knows no customer of that name or workspace.")
    return str(found.customer_id)


def request(
    *, repair: bool, customer_id: str = "", since: datetime | None = None, by: str = "system"
) -> ReconcileRun:
    """Have a job do it; returns the one that is under way where there is one. Raises `NotFound`."""
    from apps.payments.tasks import reconcile as task

    with transaction.atomic():
        run = begin(repair=repair, customer_id=customer_id, since=since, by=by)
        job = task.enqueue(
            by=None, schema_name="public", run_id=str(run.pk), customer_id=customer_id,
            label=f"Compare {customer_id or 'all customers'} with Stripe",
        )  # fmt: skip
        if (wanted := job.arguments["run_id"]) == str(run.pk):
            return run
        run.delete()
    return ReconcileRun.objects.get(pk=wanted)


def request_nightly() -> int:
    """All customers, what is younger than `NIGHTLY`, with repair; 0 while one is under way."""
    running = ReconcileRun.objects.of_kind(ReconcileRun.Kind.OBJECTS).filter(
        state=ReconcileRun.State.RUNNING, customer_id="", started_at__gte=timezone.now() - LONGEST
    )
    if running.exists():
        return 0
    request(repair=True, since=timezone.now() - NIGHTLY)
    return 1


def carry_out(*, run_id: str, report: Callable[[str], None]) -> ReconcileRun:
    """The job's part."""
    return compare(ReconcileRun.objects.get(pk=run_id), report)


def _go_through(course: Course) -> None:
    for kind in ROWS:
        for data in _listed(course, kind):
            _look_at(course, kind, data)
        _look_for_surplus(course, kind)
    for customer_id in sorted(course.changed):
        accounts.settle(course.accounts[customer_id])
    _verify_ledger(course)


def _look_at(course: Course, kind: str, data: Object) -> None:
    customer_id = objects.customer_of(data)
    account = course.accounts.get(customer_id)
    if account is None or data["id"] in course.seen[kind]:
        return
    course.seen[kind].add(str(data["id"]))
    course.count(kind, "seen")
    if kind == "charge":
        for what, flag in BY_CHARGE.items():
            if data[flag]:
                course.seen[f"{what}s of"].add(str(data["id"]))
    repair = course.run.repairs
    course.note(comparison.compare(data, account, repair=repair), customer_id)


def _listed(course: Course, kind: str) -> Iterator[Object]:
    """What Stripe lists: of everybody, and of those by a test clock, which such lists leave out."""
    if course.run.customer_id:
        yield from _of_customer(course, kind, course.run.customer_id)
        return
    wish: dict[str, Any] = {"status": "all"} if kind == "subscription" else {}
    if course.run.since and kind in DATED:
        wish["created"] = {"gte": int(course.run.since.timestamp())}
        if kind == "invoice":
            yield from stripe_api.each(kind, status="open")
    yield from stripe_api.each(kind, **wish)
    for customer_id, account in course.accounts.items():
        if account.clock_id:
            yield from _of_customer(course, kind, customer_id)


def _of_customer(course: Course, kind: str, customer_id: str) -> Iterator[Object]:
    # Of a customer that Stripe knows no more it lists nothing.
    with suppress(StripeObjectMissing):
        if kind == "customer":
            found = stripe_api.retrieve(kind, customer_id)
            yield from [] if found.get("deleted") else [found]
        elif kind in BY_CHARGE:
            for charge in sorted(course.seen[f"{kind}s of"]):
                yield from stripe_api.each(kind, charge=charge)
        else:
            wish = {"status": "all"} if kind == "subscription" else {}
            yield from stripe_api.each(kind, customer=customer_id, **wish)


def _look_for_surplus(course: Course, kind: str) -> None:
    """Rows of ours that were in no list."""
    for object_id, account in list(_held(course, kind)):
        if object_id not in course.seen[kind]:
            drift = comparison.surplus(kind, object_id, account, repair=course.run.repairs)
            course.note(drift, str(account.customer_id))


def _held(course: Course, kind: str) -> Iterator[tuple[str, Account]]:
    """What we have of a kind. What was not listed for its age is left alone."""
    if kind == "customer":
        yield from course.accounts.items()
        return
    model, name = ROWS[kind]
    accounts = {account.pk: account for account in course.accounts.values()}
    rows = model._default_manager.filter(account__in=accounts, **{f"{name}__isnull": False})  # noqa: SLF001
    if course.run.since and kind in DATED:
        moment = "asked_at" if kind == "refund" else "created_at"
        rows = rows.filter(**{f"{moment}__gte": course.run.since})
    if kind == "charge":
        rows = rows.exclude(id__startswith=Payment.OFF_STRIPE)
    for object_id, account_pk in rows.order_by().values_list(name, "account_id").iterator():
        yield object_id, accounts[account_pk]


def _verify_ledger(course: Course) -> None:
    """Sums of ours beside Stripe's own; they follow from the objects, so nothing is mended here."""
    chosen = course.accounts.values() if course.run.customer_id else None
    found = (
        verification.verify()
        if chosen is None
        else [one for account in chosen for one in verification.verify_account(account)]
    )
    course.run.counts[LEDGER] = {"seen": len(course.accounts)}
    for one in found:
        customer_id = str(one.account.customer_id) if one.account else ""
        sums = {"sum": [one.ledger, one.stripe]}
        drift = Drift(Finding.Kind.DIFFERENT, LEDGER, one.ledger_account, sums)
        course.note(drift, customer_id)
