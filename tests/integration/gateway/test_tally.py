"""Usage of the API: counted in memory, written once, read by time, caller and endpoint."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import Error as DatabaseError
from django.utils import timezone
from time_machine import travel

from apps.core.errors import Invalid
from apps.gateway import tally
from apps.gateway.models import ApiUsage, ApiUsageBatch
from apps.gateway.services import request_usage
from tests.factories.gateway import make_key

pytestmark = pytest.mark.django_db
MOMENT = datetime(2026, 11, 26, 10, 59, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _fresh_tally():
    def forget() -> None:
        tally._lines.clear()
        tally._waiting.clear()

    forget()
    yield
    forget()


def ask(number: int = 1, **about) -> None:
    given = {
        "schema_name": "w_alpha", "caller": "nobody", "endpoint": "GET /x/", "status": 200,
        "cost": 1, "seconds": 0.008, **about,
    }  # fmt: skip
    for _ in range(number):
        tally.record(**given)


def test_what_was_asked_is_counted_by_its_outcome():
    ask(3)
    ask(status=404)
    ask(status=429, cost=0)
    ask(status=503, seconds=7.2, cost=5)
    assert tally.flush() == 1
    row = ApiUsage.objects.get(span="hour")
    assert (row.requests, row.client_errors, row.limited, row.server_errors) == (6, 1, 1, 1)
    assert (row.credits, row.milliseconds) == (9, 7240)
    assert (row.took_10, row.took_longer) == (5, 1)


def test_hours_and_days_are_kept_apart():
    with travel(MOMENT, tick=False):
        ask()
    with travel(MOMENT + timedelta(hours=1), tick=False):
        ask(2)
    tally.flush()
    hours = ApiUsage.objects.filter(span="hour").order_by("start")
    assert [(row.start.hour, row.requests) for row in hours] == [(10, 1), (11, 2)]
    day = ApiUsage.objects.get(span="day")
    assert (day.start, day.requests) == (datetime(2026, 11, 26, tzinfo=UTC), 3)


def test_one_flush_is_one_statement(django_assert_num_queries):
    for number in range(20):
        ask(endpoint=f"GET /{number}/")
    with django_assert_num_queries(1):
        tally.flush()
    with django_assert_num_queries(0):
        tally.flush()


def test_processes_add_up():
    for _ in range(3):
        ask(2)
        tally.flush()
    assert ApiUsage.objects.get(span="day").requests == 6


def test_a_batch_whose_answer_was_lost_counts_once(monkeypatch):
    ask(4)
    write = tally._write

    def write_and_hear_nothing(*about):
        write(*about)
        raise DatabaseError("the connection is gone")

    monkeypatch.setattr(tally, "_write", write_and_hear_nothing)
    with pytest.raises(DatabaseError):
        tally.flush()
    monkeypatch.setattr(tally, "_write", write)
    ask(1)
    assert tally.flush() == 2
    assert ApiUsage.objects.get(span="day").requests == 5


def test_without_the_database_it_waits(monkeypatch):
    def away(*_):
        raise DatabaseError

    ask()
    with monkeypatch.context() as patch:
        patch.setattr(tally, "_write", away)
        for _ in range(3):
            with pytest.raises(DatabaseError):
                tally.flush()
            ask()
    tally.flush()
    assert ApiUsage.objects.get(span="day").requests == 4


class TestReport:
    @pytest.fixture
    def key(self, alpha):
        return make_key(alpha)[0]

    def test_by_caller_and_endpoint_the_busiest_first(self, alpha, key):
        ask(5, caller=str(key.pk))
        ask(2, caller="people", endpoint="POST /x/", seconds=0.2)
        ask(9, schema_name="w_beta")
        tally.flush()
        report = request_usage.of(alpha)
        assert report.total.requests == 7
        assert [(p.title, p.numbers.requests) for p in report.callers] == [
            ("Build", 5), ("People, signed in", 2),
        ]  # fmt: skip
        assert [p.name for p in report.endpoints] == ["GET /x/", "POST /x/"]
        assert (len(report.moments), report.moments[-1].numbers.requests) == (30, 7)

    def test_of_one_key(self, alpha, key):
        ask(5, caller=str(key.pk))
        ask(2)
        tally.flush()
        assert request_usage.of(alpha, by="hour", key=key).total.requests == 5

    def test_quantiles_come_from_the_histogram(self, alpha):
        ask(90, seconds=0.004)
        ask(10, seconds=0.2)
        tally.flush()
        total = request_usage.of(alpha).total
        assert 2 <= total.p50_ms <= 3
        assert 100 < total.p95_ms <= 250
        assert request_usage.Numbers().p95_ms is None

    def test_it_costs_the_same_however_much_there_is(self, alpha, key, django_assert_num_queries):
        for number in range(30):
            ask(endpoint=f"GET /{number}/", caller=str(key.pk) if number % 2 else "nobody")
        tally.flush()
        with django_assert_num_queries(5):
            request_usage.of(alpha)

    @pytest.mark.parametrize("about", [{"first": "later"}, {"by": "hour", "first": "long ago"}])
    def test_days_that_cannot_be_had_are_refused(self, alpha, about):
        today = timezone.now().date()
        days = {"later": today + timedelta(days=3), "long ago": today - timedelta(days=40)}
        with pytest.raises(Invalid):
            request_usage.of(alpha, **{**about, "first": days[about["first"]]})

    def test_what_is_old_is_removed(self, alpha):
        for days in (900, 20, 1):
            with travel(timezone.now() - timedelta(days=days)):
                ask()
                tally.flush()
        request_usage.forget()
        assert ApiUsage.objects.filter(span="hour").count() == 1
        assert ApiUsage.objects.filter(span="day").count() == 2
        assert ApiUsageBatch.objects.count() <= 2


class TestRequests:
    def test_a_request_is_counted_under_its_key_and_endpoint(self, alpha, browse, fresh_limits):
        key, secret = make_key(alpha)
        client = browse(None)
        headers = {"Authorization": f"Bearer {secret}"}
        client.get("/api/v1/releases/", headers=headers)
        client.get(f"/api/v1/releases/{key.pk}/", headers=headers)
        client.get("/api/v1/releases/")
        found = {(line.caller, line.endpoint): counts for line, counts in tally._lines.items()}
        assert set(found) == {
            (str(key.pk), "GET /api/v1/releases/"),
            (str(key.pk), "GET /api/v1/releases/{pk}/"),
            ("nobody", "GET /api/v1/releases/"),
        }
        assert found[str(key.pk), "GET /api/v1/releases/{pk}/"][:2] == [1, 1]

    def test_people_are_not_told_apart(self, alpha, owner, browse, fresh_limits):
        browse(owner).get("/api/v1/releases/")
        assert [line.caller for line in tally._lines] == ["people"]

    def test_made_up_addresses_are_one_endpoint(self, browse, alpha):
        for number in range(3):
            browse(None).get(f"/api/v1/made-up-{number}/")
        assert {line.endpoint for line in tally._lines} == {"GET /api/"}

    def test_a_page_is_none_of_it(self, browse, owner):
        browse(owner).get("/")
        assert not tally._lines
