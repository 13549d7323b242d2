"""Deeds at Stripe that survive an outage in their middle.

Each is written down with its idempotency key before it is asked for. When no answer comes, the
row stays open, and asking for the same again, or `retry`, goes on with the same key: Stripe then
answers what it answered, or does it for the first time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.services import entries as audit
from apps.core.errors import DomainError
from apps.payments.errors import StripeError
from apps.payments.models import Account, Attempt
from apps.payments.services import accounts, objects
from apps.payments.subscription_errors import AttemptPending, AttemptUnsure

BROKEN: Final = 500


@dataclass(frozen=True)
class Answer:
    """`touched`: kind and id of what is to be fetched anew; `result`: what the caller wants."""

    touched: tuple[tuple[str, str], ...] = ()
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Deed:
    """`ask` speaks to Stripe with the attempt's key and may be repeated; `action` is what the
    audit says; `words` finish the sentence "You asked for …".
    """

    name: str
    action: str
    words: str
    ask: Callable[[Attempt], Answer]


def carry_out(
    deed: Deed,
    *,
    account: Account,
    params: Mapping[str, Any],
    by: Any,
    check: Callable[[], None] = lambda: None,
) -> Attempt:
    """Do it, or go on with what is open and the same. `check` raises what speaks against doing it
    anew; it is asked with the account locked.

    Raises `AttemptPending` while something else is open, `AttemptUnsure` when Stripe did not
    answer, and Stripe's own refusals (`StripeError`, permanent), after which nothing is open.
    """
    return go_on(_begin(deed, account, dict(params), by, check), deed, by=by)


def go_on(attempt: Attempt, deed: Deed, *, by: Any) -> Attempt:
    """Ask Stripe, keep what it answers. Raises as `carry_out`."""
    try:
        answer = deed.ask(attempt)
        for kind, ident in answer.touched:
            objects.fetch(kind, ident, attempt.account)
    except DomainError as error:
        refusal = _failed(attempt, deed, error)
        if refusal is not None:
            raise refusal from error
        attempt.refresh_from_db()
        return attempt
    accounts.settle(attempt.account)
    return _finish(attempt, deed, answer, by)


def open_of(account: Account) -> Attempt | None:
    return account.attempts.open().first()


@transaction.atomic
def drop(*, attempt: Attempt, by: Any) -> None:
    """Not to be tried again. Whether it happened, `objects` have been told by then."""
    attempt = _locked(attempt)
    if attempt.state != Attempt.State.OPEN:
        return
    attempt.state, attempt.finished_at = Attempt.State.DROPPED, timezone.now()
    attempt.save(update_fields=["state", "finished_at"])
    _record("billing.attempt_dropped", attempt, by)


@transaction.atomic
def _begin(
    deed: Deed, account: Account, params: dict[str, Any], by: Any, check: Callable[[], None]
) -> Attempt:
    account = Account.objects.lock(account.pk)
    found = open_of(account)
    if found is None:
        check()
        person = by if isinstance(by, User) else getattr(by, "user", None)
        return Attempt.objects.create(
            account=account, deed=deed.name, params=params, asked_by=person,
            key=_key(account, deed, params),
        )  # fmt: skip
    if (found.deed, found.params) == (deed.name, params):
        return found
    raise AttemptPending(
        "Something you asked for before is not confirmed yet. Have it tried again or drop it, "
        "on the page Settings, Billing; then ask for this.",
        attempt=str(found.pk), deed=found.deed,
    )  # fmt: skip


def _key(account: Account, deed: Deed, params: dict[str, Any]) -> str:
    """The same for the same deed as long as nothing was done since, even where the row was lost
    with its transaction.
    """
    last = account.attempts.exclude(state=Attempt.State.OPEN).first()
    about = json.dumps([str(account.pk), deed.name, params, str(last and last.pk)], sort_keys=True)
    return f"{deed.name}-{hashlib.sha256(about.encode()).hexdigest()[:40]}"


def _failed(attempt: Attempt, deed: Deed, error: DomainError) -> DomainError | None:
    """Note it, and say what it means for the customer; None where it was asked for twice at once
    and the other one has done it.
    """
    unsure = isinstance(error, StripeError) and not error.permanent
    broken = (getattr(error.__cause__, "http_status", None) or 0) >= BROKEN
    with transaction.atomic():
        attempt = _locked(attempt)
        if attempt.state != Attempt.State.OPEN:
            return None if attempt.state == Attempt.State.DONE else error
        attempt.tries += 1
        attempt.error = error.detail
        if not unsure:
            attempt.state, attempt.finished_at = Attempt.State.REFUSED, timezone.now()
        elif broken:
            # Stripe keeps its answer to a key, also where the answer is that it broke.
            attempt.key = f"{attempt.key.partition('+')[0]}+{attempt.tries}"
        attempt.save()
    if not unsure:
        return error
    return AttemptUnsure(
        f"You asked for {deed.words}, and Stripe did not confirm it. We remember it: "
        "try again in a moment. However often you do, nothing is charged twice.",
        retry_after=getattr(error, "retry_after", None) or 10,
        attempt=str(attempt.pk), deed=deed.name,
    )  # fmt: skip


@transaction.atomic
def _finish(attempt: Attempt, deed: Deed, answer: Answer, by: Any) -> Attempt:
    attempt = _locked(attempt)
    if attempt.state == Attempt.State.DONE:
        return attempt  # asked for twice at once: the other one has written it down
    attempt.tries += 1
    attempt.state, attempt.finished_at = Attempt.State.DONE, timezone.now()
    attempt.result, attempt.error = dict(answer.result), ""
    attempt.save()
    _record(deed.action, attempt, by)
    return attempt


def _locked(attempt: Attempt) -> Attempt:
    rows = Attempt.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("account").get(pk=attempt.pk)


def _record(action: str, attempt: Attempt, by: Any) -> None:
    audit.record(
        action=action, by=by, schema_name=attempt.account.schema_name, target=attempt.account,
        data={"params": attempt.params, "attempt": str(attempt.pk)},
    )  # fmt: skip
