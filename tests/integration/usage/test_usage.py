"""The ledger: nothing counts twice, nothing is lost."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from django.db import connection, transaction

from apps.usage.models import UsageDay, UsageEvent
from apps.usage.services import usage

pytestmark = pytest.mark.django_db
TODAY = usage.today


def count(number: int = 1, schema_name: str = "w_alpha", metric: str = "jobs") -> None:
    for _ in range(number):
        usage.count(schema_name=schema_name, metric=metric)


def counted(schema_name: str = "w_alpha", metric: str = "jobs") -> int:
    rows = usage.counted(schema_names=[schema_name], first=TODAY(), last=TODAY())
    return sum(row.amount for row in rows if row.metric == metric)


def test_what_is_counted_is_there_at_once():
    count(3)
    assert counted() == 3


def test_each_workspace_and_metric_by_itself():
    count(2)
    count(1, metric="mails")
    count(5, schema_name="w_beta")
    assert (counted(), counted(metric="mails"), counted("w_beta")) == (2, 1, 5)


def test_a_deed_that_is_rolled_back_is_not_counted():
    with transaction.atomic():
        count()
        transaction.set_rollback(True)
    assert counted() == 0


def test_what_belongs_to_no_workspace_is_not_counted():
    count(schema_name="public")
    assert not UsageEvent.objects.exists()


def test_an_unknown_metric_is_a_mistake():
    with pytest.raises(LookupError, match="smiles"):
        count(metric="smiles")


def test_folding_moves_what_was_counted_into_its_day():
    count(3)
    assert usage.fold() == {"w_alpha"}
    count(2)
    assert usage.fold() == {"w_alpha"}
    assert not UsageEvent.objects.exists()
    assert UsageDay.objects.get(metric="jobs").amount == counted() == 5


def test_folding_more_than_fits_at_once(monkeypatch):
    monkeypatch.setattr(usage, "FOLDED_AT_ONCE", 2)
    count(5)
    usage.fold()
    assert UsageDay.objects.get().amount == 5


def test_days_stay_apart():
    yesterday = TODAY() - timedelta(days=1)
    UsageEvent.objects.create(schema_name="w_alpha", metric="jobs", day=yesterday, amount=4)
    count()
    usage.fold()
    assert dict(UsageDay.objects.values_list("day", "amount")) == {yesterday: 4, TODAY(): 1}


def test_a_sample_takes_the_place_of_the_days_last_one():
    for amount in (7, 5):
        usage.sample(metric="members", amounts={"w_alpha": amount, "w_beta": 1})
    assert UsageDay.objects.get(schema_name="w_alpha").amount == 5


class TestSources:
    DAY = date(2026, 3, 1)

    def advance(self, source, amount):
        return usage.advance(
            metric="api_calls", day=self.DAY, source=source, amounts={"w_alpha": amount}
        )

    def total(self):
        rows = usage.counted(schema_names=["w_alpha"], first=self.DAY, last=self.DAY)
        return sum(row.amount for row in rows)

    def test_noting_the_same_twice_changes_nothing(self):
        assert self.advance("life1", 10) == {"w_alpha"}
        assert self.advance("life1", 10) == set()
        assert self.total() == 10

    def test_a_late_writer_takes_nothing_back(self):
        self.advance("life1", 10)
        self.advance("life1", 8)
        assert self.total() == 10

    def test_another_life_is_added(self):
        self.advance("life1", 10)
        self.advance("life2", 3)
        self.advance("life1", 11)
        assert self.total() == 14


@pytest.mark.django_db(transaction=True)
def test_two_who_fold_at_once_count_each_row_once():
    count(200)
    barrier = threading.Barrier(2)

    def fold():
        barrier.wait(timeout=10)
        usage.fold()
        connection.close()

    threads = [threading.Thread(target=fold) for _ in range(2)]
    for thread in threads:
        thread.start()
    count(100)
    for thread in threads:
        thread.join(timeout=30)
    usage.fold()
    assert counted() == UsageDay.objects.get().amount == 300
