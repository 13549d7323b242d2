"""`manage.py billing ledger`."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from apps.payments.management.arguments import day
from apps.payments.models import Account
from apps.payments.money import text
from apps.payments.months import midnight
from apps.payments.services import ledger
from apps.payments.services.ledger.exports import labels

HELP = "the trial balance or a customer's statement; with --check, compare with Stripe"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--on", type=day, metavar="DAY", help="at the end of it: 2026-11-30")
    parser.add_argument(
        "--customer",
        default="",
        metavar="NAME",
        help="the statement of a workspace, by its name in addresses, its schema, or cus_…",
    )
    parser.add_argument("--recognise", action="store_true", help="post what is earned until now")
    parser.add_argument("--check", action="store_true", help="exit with 1 where Stripe differs")


def run(
    out: OutputWrapper, *, on: date | None, customer: str, recognise: bool, check: bool, **_: Any
) -> None:
    if recognise:
        out.write(f"{ledger.recognise()} lines have earned something.")
    end = midnight(on + timedelta(days=1)) if on else None
    accounts = [_account(customer)] if customer else None
    if accounts:
        _statement(out, accounts[0], end or accounts[0].now)
    else:
        show(out, ledger.trial_balance(at=end))
    if check:
        _check(out, accounts)


def _account(name: str) -> Account:
    found = Account.objects.named(name).first()
    if found is None:
        raise CommandError(f"There is no customer or workspace {name!r}.")
    return found


def show(out: OutputWrapper, found: ledger.TrialBalance) -> None:
    """A trial balance, with its parts named."""
    names = labels(row.detail for row in found.rows)
    out.write(f"{'':40}{'debit':>16}{'credit':>16}")
    for row in found.accounts:
        debit, credit = (
            text(one, found.currency) if one else "" for one in (row.debit, row.credit)
        )
        out.write(f"{row.account.name:40}{debit:>16}{credit:>16}".rstrip())
        for part in found.rows:
            if part.account is row.account and part.detail:
                amount = text(part.balance, found.currency)
                out.write(f"  {names.get(part.detail, part.detail)}: {amount}")
    sums = (text(one, found.currency) for one in (found.debit, found.credit))
    out.write(f"{'Together':40}" + "".join(f"{one:>16}" for one in sums))


def _statement(out: OutputWrapper, account: Account, end: datetime) -> None:
    found = ledger.statement(account, datetime.fromtimestamp(0, UTC), end)
    for line in found.lines:
        amount, owed = (text(one, account.currency) for one in (line.amount, line.owed))
        when = line.transaction.occurred_at.astimezone(UTC)
        out.write(f"{when:%Y-%m-%d %H:%M}  {line.transaction.memo:50}{amount:>14}{owed:>14}")
    out.write(f"{account} owes {text(found.closing, account.currency)} at {end:%Y-%m-%d %H:%M}.")


def _check(out: OutputWrapper, accounts: list[Account] | None) -> None:
    differences = ledger.verify(accounts)
    for one in differences:
        whose = f" of {one.account}" if one.account else ""
        out.write(
            f"{one.ledger_account}{whose}: {text(one.ledger)} here, {text(one.stripe)} at Stripe"
        )
    if differences:
        raise CommandError(f"{len(differences)} sums differ from Stripe's.", returncode=1)
    out.write("All sums are Stripe's own.")
