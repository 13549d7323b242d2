"""The one schedule of what happens while an invoice is unpaid."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from apps.mail.catalogue import MAILS
from apps.payments import dunning, failures
from apps.payments.dunning import SCHEDULE, Deed, Stage

BEGAN = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]
RUNBOOK = ROOT / "docs/runbooks/dunning.md"


def test_it_goes_by_days_and_every_step_has_a_name_of_its_own():
    assert [step.day for step in SCHEDULE] == sorted(step.day for step in SCHEDULE)
    assert len({step.key for step in SCHEDULE}) == len(SCHEDULE)


def test_each_mail_exists_and_each_consequence_was_announced_before():
    told = [(step.day, step.mail) for step in SCHEDULE if step.deed == Deed.TELL]
    assert {mail for _, mail in told} <= set(MAILS)
    before = [day for day, _ in told if day < dunning.READ_ONLY_DAY]
    assert before == [0, 3, 5, 7]
    worse = [step.day for step in SCHEDULE if step.deed in {*dunning.HOLDS, Deed.END}]
    assert worse == [dunning.READ_ONLY_DAY, dunning.SUSPENSION_DAY, dunning.END_DAY]
    assert all(any(day < bad and bad - day <= 16 for day, _ in told) for bad in worse)


def test_grace_means_that_nothing_happens_but_tries_and_one_mail():
    early = [step for step in SCHEDULE if step.day < dunning.GRACE_DAYS]
    assert [step.deed for step in early] == [Deed.TELL, Deed.RETRY, Deed.RETRY]


def test_days_that_operators_grant_move_all_that_follows():
    usual, later = dunning.dates(BEGAN), dunning.dates(BEGAN, extended_days=7)
    assert usual.read_only_at == BEGAN + timedelta(days=10)
    assert {b - a for a, b in zip(usual, later, strict=True)} == {timedelta(days=7)}


@pytest.mark.parametrize(
    ("done", "in_grace", "reached"),
    [
        ((), True, Stage.GRACE),
        (("notice",), False, Stage.REMINDED),
        (("notice", "read_only"), False, Stage.READ_ONLY),
        (("read_only", "suspension"), False, Stage.SUSPENDED),
        (("read_only", "suspension", "end"), False, Stage.ENDED),
    ],
)
def test_how_far_it_has_come(done, in_grace, reached):
    assert dunning.stage(done, in_grace=in_grace) == reached


def test_the_runbook_says_the_same():
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", RUNBOOK.read_text(), re.MULTILINE)
    assert rows == [(str(day), words) for day, words in dunning.in_words()]


def test_what_customers_read_says_the_same_days():
    article = (ROOT / "apps/help/articles/unpaid.md").read_text()
    before = [str(step.day) for step in SCHEDULE if step.day < 10 and step.deed == Deed.TELL]
    days = [dunning.READ_ONLY_DAY, dunning.SUSPENSION_DAY, dunning.END_DAY]
    rows = re.findall(r"^\| ([\d, ]+) \|", article, re.MULTILINE)
    assert rows == [", ".join(before), *map(str, days)]


def test_what_a_bank_suspects_is_not_told():
    assert failures.in_words("stolen_card", "card_declined") == "The bank declined the payment."
    assert failures.in_words("card_declined", "expired_card") == "The card has expired."
