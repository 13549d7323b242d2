"""What workspaces' applications use: counted as Pusher counts, limited by the plan, kept by day."""

import json
import secrets
from datetime import timedelta

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from apps.realtime import (
    app_days,
    applications,
    broadcast,
    hub,
    keys,
    metering,
    quotas,
    redis_clients,
    signatures,
    tasks,
)
from apps.realtime.applications import Application
from apps.realtime.models import RealtimeAppDay
from apps.realtime.services import realtime_apps
from apps.usage.models import UsageDay, UsageWarning
from apps.usage.services import ceilings, counters, limits, samples, series, usage
from tests.integration.realtime.wire import Wire, call

EVENT = {"name": "n", "data": "{}"}


@pytest.fixture(autouse=True)
def _nothing_counted(own_redis, settings):
    settings.REALTIME_REDIS_URL = own_redis
    ceilings.forget()
    metering.forget()
    yield
    ceilings.forget()


@pytest.fixture
def app(alpha):
    return realtime_apps.create(tenant=alpha, name="Arena", by=None)


@pytest.fixture
def allow(alpha):
    """`allow(messages_day=3)`: what an operator has set for Alpha."""

    def allow(**values):
        alpha.configuration = {**alpha.configuration, "limits": {"realtime_apps": 5, **values}}
        alpha.save()
        ceilings.forget()

    return allow


def used(alpha):
    return limits.state("messages_day", tenant=alpha).used


def trigger(app, *channels, **more):
    return call(app, "POST", f"/apps/{app.app_id}/events", channels=channels, **EVENT, **more)


def test_calls_of_the_http_api_count(app, alpha):
    trigger(app, "a", "b")
    assert used(alpha) == 1
    trigger(app, "a", info="subscription_count")
    assert used(alpha) == 3
    batch = [{"channel": name, **EVENT} for name in "abc"]
    call(app, "POST", f"/apps/{app.app_id}/batch_events", batch=batch)
    call(app, "GET", f"/apps/{app.app_id}/channels")
    assert used(alpha) == 7
    assert metering.of_today([app.app_id]) == {app.app_id: 7}


def test_beyond_the_plan_events_are_refused_as_pusher_does(app, allow):
    allow(messages_day=2)
    assert [trigger(app, "a").status_code for _ in range(3)] == [200, 200, 403]
    refused = trigger(app, "a").content.decode()
    assert refused.startswith("Over message quota.")
    assert "2 of 2" in refused
    allow(messages_day=3)
    assert trigger(app, "a").status_code == 200


def test_a_process_that_knows_nothing_yet_asks_first(app, allow):
    allow(messages_day=1)
    trigger(app, "a")
    metering.forget()
    assert trigger(app, "a").status_code == 403


def test_publishing_asks_redis_once(app, allow, monkeypatch):
    """Counting comes along with the event; only a reached limit is looked at again."""
    allow(messages_day=5)
    trigger(app, "a")
    asked = []
    monkeypatch.setattr(counters, "now", lambda **about: asked.append(about) or 0)
    trigger(app, "a")
    assert asked == []


def test_the_ledger_keeps_the_day(app, alpha):
    trigger(app, "a")
    counters.flush()
    trigger(app, "a")
    row = UsageDay.objects.get(metric="messages")
    assert (row.schema_name, row.amount, used(alpha)) == ("w_alpha", 1, 2)


def test_peaks_of_both_sides_of_midnight_are_kept_and_warned_of(app, alpha, allow):
    allow(connections=10)
    today, redis = usage.today(), redis_clients.of_process()
    redis.hset(keys.peaks((today - timedelta(days=1)).isoformat()), "w_alpha", 4)
    redis.hset(keys.peaks(today.isoformat()), "w_alpha", 8)
    tasks.settle()
    warning = UsageWarning.objects.get()
    assert (warning.limit, warning.threshold, warning.used) == ("connections", 80, 8)
    redis.delete(keys.peaks(today.isoformat()))  # Redis came back empty: the day keeps its peak
    usage.raise_sample(metric="connections", amounts={"w_alpha": quotas.peak() or 0})
    [found] = series.of(alpha, metrics=["connections"])
    assert [point.amount for point in found.points[-2:]] == [4, 8]
    redis.hset(keys.peaks(today.isoformat()), "w_alpha", 10)
    tasks.settle()
    assert UsageWarning.objects.latest("threshold").threshold == 100


def test_messages_near_the_limit_are_warned_of(app, alpha, allow):
    allow(messages_day=5)
    for _ in range(4):
        trigger(app, "a")
    samples.settle()
    assert UsageWarning.objects.get().limit == "messages_day"


def test_pages_show_what_is_used(app, admin, browse, django_assert_max_num_queries):
    trigger(app, "a", "b")
    browser = browse(admin)
    browser.get("/settings/realtime/")
    with django_assert_max_num_queries(24):
        page = browser.get("/settings/realtime/").content.decode()
    assert "1 of 200,000" in page
    assert page.count('role="img"') == 2
    page = browser.get(f"/settings/realtime/{app.pk}/?by=month").content.decode()
    assert "Messages today" in page
    assert page.count('role="img"') == 1


def test_each_app_has_its_messages_by_day(app, alpha, allow):
    allow()
    other = realtime_apps.create(tenant=alpha, name="Lobby", by=None)
    trigger(app, "a", info="subscription_count")
    trigger(other, "a")
    for _ in range(2):  # killed and repeated
        metering.settle()
    trigger(app, "a")
    shown = metering.messages_of([app, other])
    assert [shown[each.pk].total for each in (app, other)] == [3, 1]
    assert (len(shown[app.pk].points), shown[app.pk].points[-1].amount) == (30, 3)
    redis_clients.of_process().delete(keys.messages(usage.today().isoformat()))
    trigger(app, "a")
    metering.settle()  # another life is added to the one before
    assert metering.messages_of([app])[app.pk].total == 3
    app.days.update(day=usage.today() - timedelta(days=40))
    assert [metering.messages_of([app], by=by)[app.pk].total for by in ("day", "month")] == [1, 4]
    app.days.update(day=usage.today() - timedelta(days=samples.KEPT_DAYS + 1))
    assert app_days.forget() == 2


def test_what_was_not_settled_in_its_day_is_settled_later(app, monkeypatch):
    today = usage.today()
    trigger(app, "a")
    monkeypatch.setattr(usage, "today", lambda: today + timedelta(days=2))
    metering.settle()
    assert app.days.get().day == today
    assert metering.read(today) is None
    assert metering.messages_of([app])[app.pk].points[-3].amount == 1


def test_an_app_that_has_gone_keeps_no_others_from_their_days(app, alpha, allow):
    allow()
    gone = realtime_apps.create(tenant=alpha, name="Gone", by=None)
    trigger(app, "a")
    trigger(gone, "a")
    realtime_apps.remove(app=gone, by=None)
    metering.settle()
    assert [day.messages for day in RealtimeAppDay.objects.all()] == [1]


def test_the_api_has_them(app, admin, browse):
    trigger(app, "a")
    path = f"/api/v1/realtime-apps/{app.pk}/messages/"
    found = browse(admin).get(path, {"by": "month"}).json()
    assert (found["metric"], found["points"][-1]["amount"]) == ("messages", 1)


def test_without_redis_pages_show(app, admin, browse, monkeypatch):
    def away():
        raise RedisConnectionError

    monkeypatch.setattr(redis_clients, "of_process", away)
    assert metering.of_today([app.app_id]) == {}
    metering.settle()
    assert metering.messages_of([app])[app.pk].total == 0


# In this process, at an application that stands in a table.


@pytest.mark.asyncio
async def test_deliveries_and_client_events_count(table_of, monkeypatch):
    app = table_of()
    ours, theirs = Wire(app.key), Wire(app.key)
    for wire in (ours, theirs):
        _, hello = await wire.hear()
        signature = signatures.sign(app.secret, f"{hello['socket_id']}:private-room")
        ticket = {"channel": "private-room", "auth": f"{app.key}:{signature}"}
        await wire.say("pusher:subscribe", ticket)
        await wire.hear()
    meter = hub.current().meter
    await meter.flush()
    assert await counted(app) == 0
    await broadcast.send(app.address("private-room"), json.dumps({"event": "hello"}))
    assert (await ours.hear(), await theirs.hear()) == (("hello", None), ("hello", None))
    await ours.say("client-wave", {}, channel="private-room")
    assert (await theirs.hear())[0] == "client-wave"
    await ours.say("pusher:ping", {})
    await ours.hear()
    await meter.flush()
    assert await counted(app) == 4  # two deliveries; one event, one delivery
    monkeypatch.setattr(metering, "_sentences", lambda numbers: dict.fromkeys(numbers, "Used up."))
    await broadcast.send(app.address("private-room"), json.dumps({"event": "hello"}))
    await ours.hear()
    await meter.flush()
    await ours.say("client-wave", {}, channel="private-room")
    event, refusal = await ours.hear()
    assert (event, refusal["code"]) == ("pusher:error", 4301)
    for wire in (ours, theirs):
        await wire.hang_up()


async def counted(app):
    number = await redis_clients.of_loop().hget(keys.messages(usage.today().isoformat()), app.id)
    return int(number or 0)


@pytest.fixture
def table_of(monkeypatch):
    known = {}
    monkeypatch.setattr(applications, "_finders", [known.get])

    def enter():
        app = Application(str(secrets.randbelow(10**9)), "key", "secret", workspace="w_x")
        known[app.key] = app
        return app

    return enter
