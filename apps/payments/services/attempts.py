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
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.services import entries as audit
from apps.core.errors import DomainError
from apps.payments import stripe_api
from apps.payments.errors import StripeError
from apps.payments.models import Account, Attempt
from apps.payments.services import accounts, objects
from apps.payments.subscription_errors import AttemptPending, AttemptUnsure


@dataclass(frozen=True)
class Answer:
    """`touched`: kind and id of what is to be fetched anew; `result`: what the caller wants."""

    touched: tuple[tuple[str, str], ...] = ()
    result: Mapping[str, Any] = field(default_factory=dict)


def _of_account(attempt: Attempt) -> tuple[Any, dict[str, Any]]:
    return attempt.account, {"params": attempt.params}


@dataclass(frozen=True)
class Deed:
    """`ask` speaks to Stripe with the attempt's key and may be repeated; `action` is what the
    audit says, `entry` of what row and with which data; `words` finish the sentence "You asked
    for …".
    """

    name: str
    action: str
    words: str
    ask: Callable[[Attempt], Answer]
    entry: Callable[[Attempt], tuple[Any, dict[str, Any]]] = _of_account


def carry_out(
    deed: Deed,
    *,
    account: Account,
    params: Mapping[str, Any],
    by: Any,
    check: Callable[[], None] = lambda: None,
    subject: str = "",
) -> Attempt:
    """Do it, or go on with what is open and the same. `check` raises what speaks against doing it
    anew; it is asked with the account locked. `subject`: what an operator's deed is about.

    Raises `AttemptPending` while something else is open, `AttemptUnsure` when Stripe did not
    answer, and Stripe's own refusals (`StripeError`, permanent), after which nothing is open.
    """
    wished = Attempt(account=account, subject=subject, deed=deed.name, params=dict(params))
    return go_on(_begin(wished, by, check), deed, by=by)


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


def open_of(account: Account, subject: str = "") -> Attempt | None:
    return account.attempts.open().about(subject).first()


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
def _begin(wished: Attempt, by: Any, check: Callable[[], None]) -> Attempt:
    account = Account.objects.lock(wished.account_id)
    found = open_of(account, wished.subject)
    if found is None:
        check()
        wished.asked_by = by if isinstance(by, User) else getattr(by, "user", None)
        wished.key = _key(wished)
        wished.save(force_insert=True)
        return wished
    if (found.deed, found.params) == (wished.deed, wished.params):
        return found
    raise AttemptPending(
        "Something you asked for before is not confirmed yet. Have it tried again or drop it, "
        "on the page Settings, Billing; then ask for this.",
        attempt=str(found.pk), deed=found.deed,
    )  # fmt: skip


def _key(wished: Attempt) -> str:
    """The same for the same deed as long as nothing was done since, even where the row was lost
    with its transaction.
    """
    before = wished.account.attempts.about(wished.subject).exclude(state=Attempt.State.OPEN)
    named = [wished.subject] if wished.subject else []
    parts = [str(wished.account_id), *named, wished.deed, wished.params, str(_id(before.first()))]
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return f"{wished.deed}-{digest[:40]}"


def _id(attempt: Attempt | None) -> Any:
    return attempt and attempt.pk


def _failed(attempt: Attempt, deed: Deed, error: DomainError) -> DomainError | None:
    """Note it, and say what it means for the customer; None where it was asked for twice at once
    and the other one has done it.
    """
    unsure = isinstance(error, StripeError) and not error.permanent
    with transaction.atomic():
        attempt = _locked(attempt)
        if attempt.state != Attempt.State.OPEN:
            return None if attempt.state == Attempt.State.DONE else error
        attempt.tries += 1
        attempt.error = error.detail
        if not unsure:
            attempt.state, attempt.finished_at = Attempt.State.REFUSED, timezone.now()
        elif stripe_api.is_kept(error):
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
    _record(deed.action, attempt, by, deed)
    return attempt


def _locked(attempt: Attempt) -> Attempt:
    rows = Attempt.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("account").get(pk=attempt.pk)


def _record(action: str, attempt: Attempt, by: Any, deed: Deed | None = None) -> None:
    target, data = deed.entry(attempt) if deed else _of_account(attempt)
    audit.record(
        action=action, by=by, schema_name=attempt.account.schema_name, target=target,
        data={**data, "attempt": str(attempt.pk)},
    )  # fmt: skip
