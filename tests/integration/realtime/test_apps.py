"""Workspaces' own realtime applications: made, reached, exchanged, ended."""

import json
import secrets
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.core.errors import Invalid, NotFound
from apps.realtime import applications, broadcast, credentials, hub, keys, redis_clients
from apps.realtime.applications import Application
from apps.realtime.models import RealtimeApp
from apps.realtime.services import realtime_apps
from apps.tenants.errors import PermissionMissing
from apps.usage.errors import LimitReached
from tests.integration.realtime.wire import Wire, call


@pytest.fixture
def app(alpha):
    return realtime_apps.create(tenant=alpha, name="Arena", by=None)


@pytest.fixture
def theirs(beta):
    return realtime_apps.create(tenant=beta, name="Beta's", by=None)


def test_an_app_has_its_own_key_and_a_secret_unreadable_in_the_database(app):
    from django.db import connection

    assert app.app_id.isdecimal()
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM realtime_realtimeapp WHERE id = %s", [app.pk])
        assert app.secret not in cursor.fetchone()[0]
    found = applications.find_by_key(app.key)
    assert (found.id, found.secret, found.workspace) == (app.app_id, app.secret, "w_alpha")
    entry = AuditEntry.objects.get(action="realtime_app.created")
    assert app.secret not in json.dumps(entry.data)


def test_the_server_library_publishes_with_the_app_s_own_key_only(app, theirs):
    event = {"name": "n", "channels": ["c"], "data": "{}"}
    path = f"/apps/{app.app_id}/events"
    assert call(app, "POST", path, **event).status_code == 200
    assert call(app, "POST", path, secret="wrong", **event).status_code == 401
    assert call(theirs, "POST", path, **event).status_code == 401
    realtime_apps.switch(app=app, on=False, by=None)
    assert call(app, "POST", path, **event).status_code == 403
    realtime_apps.remove(app=app, by=None)
    assert call(app, "POST", path, **event).status_code == 404


def test_two_apps_never_meet_on_a_channel_of_the_same_name(app, theirs, settings):
    addresses = {find.address("c") for find in map(credentials.find, (app.key, theirs.key))}
    assert len(addresses | {applications.product().address("c")}) == 3
    assert app.app_id != settings.PUSHER_APP_ID


def test_after_a_rotation_both_keys_work_until_the_overlap_ends(app):
    former, secret = app.key, app.secret
    changed = realtime_apps.rotate(app=app, overlap_hours=1, by=None)
    assert credentials.find(changed.key).ends_at is None
    overlapping = credentials.find(former)
    assert (overlapping.secret, overlapping.ends_at) == (secret, changed.former_until)
    RealtimeApp.objects.update(former_until=timezone.now() - timedelta(seconds=1))
    assert credentials.find(former) is None
    again = realtime_apps.rotate(app=app, overlap_hours=24, by=None)
    realtime_apps.end_former(app=again, by=None)
    assert credentials.find(changed.key) is None
    assert credentials.find(again.key) is not None


def test_an_app_of_a_suspended_workspace_is_off(app, alpha):
    alpha.state = alpha.State.SUSPENDED
    alpha.suspended_at = timezone.now()
    alpha.save()
    assert not credentials.find(app.key).is_enabled


def test_wishes_are_checked(alpha, app):
    with pytest.raises(Invalid) as error:
        realtime_apps.update(app=app, by=None, name=" ", origins=["example.com/path"])
    assert set(error.value.errors) == {"name", "origins"}
    changed = realtime_apps.update(app=app, by=None, origins=["HTTPS://Example.com/"])
    assert changed.origins == ["https://example.com"]
    with pytest.raises(Invalid):
        realtime_apps.rotate(app=app, by=None, overlap_hours=5)


def test_the_plan_limits_how_many(alpha, app):
    with pytest.raises(LimitReached):
        realtime_apps.create(tenant=alpha, name="Another", by=None)


def test_only_those_who_may_touch_it(app, beta, teacher, outsider):
    for person in (teacher, outsider):
        with pytest.raises(PermissionMissing):
            realtime_apps.remove(app=app, by=person)
    with pytest.raises(NotFound):
        realtime_apps.find(tenant=beta, app_id=app.pk)


def test_pages_show_the_secret_once(alpha, admin, browse):
    browser = browse(admin)
    made = browser.post("/settings/realtime/new/", {"name": "Arena", "origins": ""})
    app = RealtimeApp.objects.get()
    assert app.secret in made.content.decode()
    page = f"/settings/realtime/{app.pk}/"
    assert app.secret not in browser.get(page).content.decode()
    rotated = browser.post(f"{page}rotate/", {"overlap_hours": "24"}).content.decode()
    fresh = RealtimeApp.objects.get()
    assert fresh.secret in rotated
    assert app.key in browser.get(page).content.decode()
    assert browser.post(f"{page}former/").status_code == 302
    form = {"name": "Arena 2", "client_events": "on", "origins": "https://a.example"}
    assert browser.post(f"{page}edit/", form).status_code == 302
    assert browser.post(f"{page}edit/", {**form, "origins": "x"}).status_code == 422
    assert browser.post(f"{page}switch/").status_code == 302
    fresh.refresh_from_db()
    assert (fresh.name, fresh.state, fresh.origins) == ("Arena 2", "off", ["https://a.example"])
    assert browser.post(f"{page}switch/", {"on": "1"}).status_code == 302
    assert browser.post(f"{page}delete/").status_code == 302
    assert not RealtimeApp.objects.exists()


def test_showing_a_new_secret_asks_who_it_is(app, admin, browse):
    stale = browse(admin, ago=24 * 3600)
    for path in ("/settings/realtime/new/", f"/settings/realtime/{app.pk}/rotate/"):
        assert "reauthenticate" in stale.get(path).headers.get("Location", "")
    for path in ("/api/v1/realtime-apps/", f"/api/v1/realtime-apps/{app.pk}/rotate/"):
        refused = stale.post(path, {"name": "x"}, content_type="application/json")
        assert refused.json()["code"] == "step_up_required"


def test_api(app, admin, outsider, beta, browse, django_assert_max_num_queries):
    browser, root = browse(admin), "/api/v1/realtime-apps/"
    listed = browser.get(root).json()["results"]
    assert listed[0]["key"] == app.key
    assert "secret" not in listed[0]
    rotated = browser.post(f"{root}{app.pk}/rotate/", {}, content_type="application/json").json()
    assert rotated["secret"] == RealtimeApp.objects.get().secret
    changed = browser.patch(
        f"{root}{app.pk}/", {"client_events": True}, content_type="application/json"
    )
    assert changed.json()["client_events"] is True
    for action, state in (("disable", "off"), ("enable", "active"), ("end-former", "active")):
        answer = browser.post(f"{root}{app.pk}/{action}/", {}, content_type="application/json")
        assert answer.json()["state"] == state
    elsewhere = browse(outsider, tenant=beta)
    assert elsewhere.get(f"{root}{app.pk}/").status_code == 404
    assert elsewhere.delete(f"{root}{app.pk}/").status_code == 404
    assert browser.delete(f"{root}{app.pk}/").status_code == 204


# Connections in this process, at applications that stand in a table of this module.


@pytest.fixture
def table(monkeypatch):
    known = {}
    monkeypatch.setattr(applications, "_finders", [known.get])
    return known


def entry(table, **about):
    key = f"key{len(table)}"
    table[key] = Application(str(900 + len(table)), key, "secret", workspace="w_x", **about)
    return table[key]


async def announce(app_id):
    sent = broadcast.changed(app_id)
    await redis_clients.of_loop().publish(broadcast.redis_channel(sent.address), sent.encode())


@pytest.mark.asyncio
async def test_a_key_that_ends_closes_its_connections_and_no_others(table):
    going, staying = entry(table), entry(table)
    first, second = Wire(going.key), Wire(staying.key)
    assert (await first.hear())[0] == (await second.hear())[0] == "pusher:connection_established"
    del table[going.key]
    await announce(going.id)
    assert (await first.hear())[1]["code"] == 4001
    assert await first.hear() == 4001
    await second.say("pusher:ping", {})
    assert (await second.hear())[0] == "pusher:pong"
    again = Wire(going.key)
    assert (await again.hear())[1]["code"] == 4001
    for wire in (first, second, again):
        await wire.hang_up()


@pytest.mark.asyncio
async def test_a_key_revoked_while_a_client_comes_in_is_refused(table, monkeypatch):
    app = entry(table)
    take = hub.Hub._take

    async def take_late(self, connection, channel, place):
        table.clear()
        await take(self, connection, channel, place)

    monkeypatch.setattr(hub.Hub, "_take", take_late)
    wire = Wire(app.key)
    assert (await wire.hear())[1]["code"] == 4001
    assert await wire.hear() == 4001
    await wire.hang_up()


@pytest.mark.asyncio
async def test_a_rotated_key_closes_its_connections_when_its_time_is_over(table):
    app = entry(table, ends_at=timezone.now() + timedelta(seconds=0.2))
    wire = Wire(app.key)
    assert (await wire.hear())[0] == "pusher:connection_established"
    assert (await wire.hear())[1]["code"] == 4009
    assert await wire.hear() == 4009
    await wire.hang_up()


@pytest.mark.asyncio
async def test_an_app_that_is_off_and_foreign_pages_are_refused(table):
    off = Wire(entry(table, is_enabled=False).key)
    assert (await off.hear())[1]["code"] == 4003
    choosy = entry(table, origins=("https://a.example",))
    foreign, own = Wire(choosy.key, origin="https://b.example"), Wire(choosy.key)
    assert (await foreign.hear())[1]["code"] == 4009
    assert (await own.hear())[0] == "pusher:connection_established"
    for wire in (off, foreign, own):
        await wire.hang_up()


@pytest.mark.asyncio
async def test_events_of_one_app_stay_there(table):
    mine, theirs = entry(table), entry(table)
    here, there = Wire(mine.key), Wire(theirs.key)
    for wire in (here, there):
        await wire.hear()
        await wire.say("pusher:subscribe", {"channel": "c"})
        assert (await wire.hear())[0] == "pusher_internal:subscription_succeeded"
    await broadcast.send(mine.address("c"), json.dumps({"event": "hello"}))
    assert await here.hear() == ("hello", None)
    await there.say("pusher:ping", {})
    assert (await there.hear())[0] == "pusher:pong"
    for wire in (here, there):
        await wire.hang_up()


@pytest.mark.asyncio
async def test_client_events_and_channels_as_the_app_has_them(table):
    app = entry(table, client_events=False, max_channels=1)
    wire = Wire(app.key)
    await wire.hear()
    await wire.say("pusher:subscribe", {"channel": "a"})
    await wire.hear()
    await wire.say("pusher:subscribe", {"channel": "b"})
    assert "1 channels at most" in (await wire.hear())[1]["message"]
    await wire.say("client-x", {}, channel="private-a")
    assert (await wire.hear())[1]["code"] == 4301
    await wire.hang_up()


@pytest.mark.asyncio
async def test_an_app_of_a_workspace_that_is_not_paid_for_is_heard_and_says_nothing(table):
    app = entry(table, is_read_only=True)
    wire = Wire(app.key)
    await wire.hear()
    await wire.say("pusher:subscribe", {"channel": "a"})
    assert (await wire.hear())[0] == "pusher_internal:subscription_succeeded"
    await wire.say("client-x", {}, channel="private-a")
    assert (await wire.hear())[1]["code"] == 4301
    await wire.hang_up()


@pytest.mark.asyncio
async def test_no_more_connections_than_the_plan_allows_over_all_processes(table):
    payer = f"w_{secrets.token_hex(4)}"
    app = entry(table, payer=payer, max_connections=2)
    first = Wire(app.key)
    await first.hear()
    redis = redis_clients.of_loop()
    await redis.zadd(keys.NODES, {"another": time.time() + 60})
    await redis.hset(keys.node("another"), keys.held(payer), "1")
    try:
        refused = Wire(app.key)
        assert (await refused.hear())[1]["code"] == 4004
        assert await refused.hear() == 4004
        await refused.hang_up()
        await redis.hdel(keys.node("another"), keys.held(payer))
        second = Wire(app.key)
        assert (await second.hear())[0] == "pusher:connection_established"
        await second.hang_up()
        third = Wire(app.key)
        days = {timezone.now().date().isoformat()}
        assert (await third.hear())[0] == "pusher:connection_established"
        await third.hang_up()
        days.add(timezone.now().date().isoformat())  # midnight may have come in between
        assert "2" in [await redis.hget(keys.peaks(day), payer) for day in days]
    finally:
        await redis.zrem(keys.NODES, "another")
        await redis.delete(keys.node("another"))
    await first.hang_up()


def test_what_the_plan_allows_holds_at_the_endpoint(app):
    found = credentials.find(app.key)
    assert (found.payer, found.max_connections, found.max_data_bytes) == ("w_alpha", 100, 10_240)
