"""Servers of customers that are told of their apps' channels: pages, API, log, giving up."""

import json
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.core.errors import Invalid, NotFound
from apps.jobs.models import JobRun
from apps.jobs.task import run_now
from apps.mail.models import Message
from apps.realtime import webhooks
from apps.realtime.errors import ChannelWebhookOff, DeliveryUnderWay
from apps.realtime.models import ChannelDelivery, ChannelWebhook, RealtimeApp
from apps.realtime.services import channel_deliveries, channel_webhooks, realtime_apps
from apps.tenants.errors import PermissionMissing
from tests.fixtures.receivers import Answer

KINDS = ["channel_occupied", "client_event"]


@pytest.fixture(autouse=True)
def _redis(own_redis, settings):
    settings.REALTIME_REDIS_URL = own_redis


@pytest.fixture
def app(alpha):
    return realtime_apps.create(tenant=alpha, name="Arena", by=None)


@pytest.fixture
def webhook(app, receiver):
    return channel_webhooks.add(app_id=app.app_id, url=receiver.url, events=KINDS, by=None)


def put(webhook, *channels, batch="1..2"):
    events = [{"name": "channel_occupied", "channel": channel} for channel in channels]
    return channel_deliveries.put(webhook=webhook, batch=batch, events=events)


def work():
    """Everything that waits to be sent; returns the deliveries, newest first."""
    for run in JobRun.objects.filter(name="realtime.tell", state=JobRun.State.QUEUED):
        run_now(run)
    return list(ChannelDelivery.objects.all())


def test_only_what_its_prefix_and_kinds_say(webhook):
    channel_webhooks.update(webhook=webhook, channel_prefix="lobby-", by=None)
    wanted = ChannelWebhook.objects.get()
    told = [
        wanted.wants({"name": name, "channel": channel})
        for name, channel in [
            ("channel_occupied", "lobby-1"), ("client_event", "room"), ("cache_miss", "lobby-1"),
        ]
    ]  # fmt: skip
    assert told == [True, False, False]


def test_pages_from_adding_to_removing(app, admin, browse, receiver):
    browser = browse(admin)
    form = {"url": receiver.url, "events": KINDS, "channel_prefix": "lobby-"}
    new = f"/settings/realtime/{app.pk}/webhooks/new/"
    assert browser.post(new, {**form, "events": []}).status_code == 422
    assert browser.post(new, {**form, "channel_prefix": "a b"}).status_code == 422
    page = browser.post(new, form).headers["Location"]
    assert page in browser.get(f"/settings/realtime/{app.pk}/").content.decode()
    browser.post(f"{page}test/")
    [delivery] = work()
    assert json.loads(receiver.received[0].body)["events"] == [
        {"name": "test", "channel": "lobby-test"}
    ]
    shown = browser.get(page).content.decode()
    assert "lobby-test" in shown
    assert f"sent by {admin.email}" in shown
    assert browser.post(f"{page}deliveries/{delivery.pk}/resend/").status_code == 302
    [again] = work()
    assert (len(receiver.received), again.round, again.state) == (2, 2, "succeeded")
    browser.post(f"{page}edit/", {**form, "channel_prefix": ""})
    browser.post(f"{page}switch/")
    webhook = ChannelWebhook.objects.get()
    assert (webhook.channel_prefix, webhook.state, webhook.disabled_reason) == ("", "off", "person")
    assert "Switched off" in browser.get(f"{page}").content.decode()
    browser.post(f"{page}test/")
    assert len(receiver.received) == 2
    browser.post(f"{page}switch/", {"on": "1"})
    assert "Remove the webhook?" in browser.get(f"{page}remove/").content.decode()
    assert ChannelWebhook.objects.exists()
    assert browser.post(f"{page}remove/").headers["Location"] == app.get_absolute_url()
    assert not ChannelDelivery.objects.exists()
    deeds = AuditEntry.objects.filter(schema_name="w_alpha", action__startswith="channel_webhook.")
    assert [entry.action.partition(".")[2] for entry in deeds.order_by("sequence")] == [
        "added", "tested", "resent", "updated", "switched_off", "switched_on", "removed",
    ]  # fmt: skip


def test_api(app, admin, browse, receiver):
    browser, root = browse(admin), f"/api/v1/realtime-apps/{app.pk}/webhooks/"

    def send(method, path, **body):
        return getattr(browser, method)(path, body, content_type="application/json")

    made = send("post", root, url=receiver.url, events=KINDS, channel_prefix="a").json()
    one = f"{root}{made['id']}/"
    assert (made["state"], made["events"], made["channel_prefix"]) == ("active", KINDS, "a")
    assert send("post", root, url=receiver.url, events=["x"]).status_code == 422
    assert send("patch", one, events=["cache_miss"]).json()["events"] == ["cache_miss"]
    assert send("post", f"{one}test/").status_code == 202
    work()
    listed = browser.get(f"{one}deliveries/?state=succeeded").json()["results"]
    assert [(d["kinds"], d["status"]) for d in listed] == [(["test"], 200)]
    delivery = f"{one}deliveries/{listed[0]['id']}/"
    assert browser.get(delivery).json()["events"] == [{"name": "test", "channel": "atest"}]
    assert send("post", f"{delivery}resend/").json()["state"] == "pending"
    assert send("post", f"{delivery}resend/").json()["code"] == "channel_delivery_under_way"
    assert send("post", f"{one}disable/").json()["state"] == "off"
    assert send("post", f"{one}test/").json()["code"] == "channel_webhook_off"
    assert send("post", f"{one}enable/").json()["state"] == "active"
    assert send("delete", one).status_code == 204


def test_neither_outsiders_nor_who_may_not(webhook, app, outsider, teacher, beta, browse):
    delivery = put(webhook, "a")
    elsewhere = browse(outsider, tenant=beta)
    page = webhook.get_absolute_url()
    assert elsewhere.get(page).status_code == 404
    for path in (
        f"{page}remove/", f"{page}test/", f"{page}deliveries/{delivery.pk}/resend/",
        f"/settings/realtime/{app.pk}/webhooks/new/",
    ):  # fmt: skip
        assert elsewhere.post(path).status_code == 404
    root = f"/api/v1/realtime-apps/{app.pk}/webhooks/"
    for path in (root, f"{root}{webhook.pk}/", f"{root}{webhook.pk}/deliveries/{delivery.pk}/"):
        assert elsewhere.get(path).status_code == 404
    theirs = realtime_apps.create(tenant=beta, name="Beta's", by=None)
    through = f"/api/v1/realtime-apps/{theirs.pk}/webhooks/{webhook.pk}/"
    assert elsewhere.get(f"{through}deliveries/").status_code == 404
    with pytest.raises(NotFound):
        channel_webhooks.find(tenant=beta, webhook_id=webhook.pk)
    for person in (teacher, outsider):
        with pytest.raises(PermissionMissing):
            channel_deliveries.resend(delivery=delivery, by=person)
        with pytest.raises(PermissionMissing):
            channel_webhooks.remove(webhook=webhook, by=person)
    assert browse(teacher).get(page).status_code == 403


def test_where_events_go_asks_who_it_is(webhook, app, admin, browse, receiver):
    stale = browse(admin, ago=24 * 3600)
    new = stale.post(f"/settings/realtime/{app.pk}/webhooks/new/", {"url": receiver.url})
    assert "reauthenticate" in new.headers["Location"]
    change = stale.patch(
        f"/api/v1/realtime-apps/{app.pk}/webhooks/{webhook.pk}/",
        {},
        content_type="application/json",
    )
    assert change.json()["code"] == "step_up_required"


def test_a_page_of_many_takes_as_many_queries_as_one_of_few(
    webhook, admin, browse, django_assert_num_queries
):
    from django.test.utils import CaptureQueriesContext

    browser = browse(admin)
    put(webhook, "a")
    browser.get(webhook.get_absolute_url())
    with CaptureQueriesContext(connection) as few:
        browser.get(webhook.get_absolute_url())
    for number in range(8):
        put(webhook, "a", batch=str(number))
    with django_assert_num_queries(len(few)):
        browser.get(webhook.get_absolute_url())


def test_an_answer_of_gone_ends_it_and_owners_hear(webhook, owner, receiver):
    receiver.says(Answer(status=410, body=b"gone"))
    put(webhook, "a")
    [delivery] = work()
    webhook.refresh_from_db()
    assert (delivery.state, webhook.disabled_reason) == ("failed", "gone")
    letter = Message.objects.get(to=owner.email)
    assert letter.template.endswith("channel_webhook_switched_off")
    with pytest.raises(ChannelWebhookOff):
        channel_deliveries.resend(delivery=delivery, by=None)
    assert webhooks.write_wishes() == {}


def test_after_days_of_failures_alone_it_is_switched_off(webhook, receiver):
    receiver.says(Answer(status=500))
    ChannelWebhook.objects.update(failing_since=timezone.now() - timedelta(days=5, minutes=1))
    put(webhook, "a")
    work()
    webhook.refresh_from_db()
    assert (webhook.disabled_reason, webhook.failures) == ("failing", 1)
    on = channel_webhooks.switch(webhook=webhook, on=True, by=None)
    assert (on.state, on.failures, on.problem) == ("active", 0, "")


def test_what_is_on_its_way_is_not_sent_twice(webhook):
    delivery = put(webhook, "a")
    assert put(webhook, "a") == delivery
    with pytest.raises(DeliveryUnderWay):
        channel_deliveries.resend(delivery=delivery, by=None)


def test_what_was_said_is_unreadable_in_the_database(webhook):
    put(webhook, "secret-room")
    with connection.cursor() as cursor:
        cursor.execute("SELECT events FROM realtime_channeldelivery")
        assert "secret-room" not in cursor.fetchone()[0]


def test_the_log_forgets(webhook, monkeypatch):
    monkeypatch.setattr(channel_deliveries, "KEPT_OF_WEBHOOK", 2)
    for number in range(4):
        put(webhook, "a", batch=str(number))
    ChannelDelivery.objects.filter(batch="3").update(
        created_at=timezone.now() - channel_deliveries.KEPT_FOR - timedelta(minutes=1)
    )
    channel_deliveries.forget()
    assert {d.batch for d in ChannelDelivery.objects.all()} == {"1", "2"}


def test_an_app_takes_its_webhooks_along(webhook, app):
    realtime_apps.remove(app=app, by=None)
    assert not ChannelWebhook.objects.exists()


def test_five_and_no_more_however_many_ask_at_once(app, receiver):
    """The sixth waits for the lock that whoever adds the fifth holds."""
    for _ in range(5):
        channel_webhooks.add(app_id=app.app_id, url=receiver.url, events=KINDS, by=None)
    with pytest.raises(Invalid, match="5 webhooks"):
        channel_webhooks.add(app_id=app.app_id, url=receiver.url, events=KINDS, by=None)


def test_adding_waits_for_whoever_adds_to_the_same_app(app, receiver):
    """Another connection gets the lock only at the end of this transaction."""
    channel_webhooks.add(app_id=app.app_id, url=receiver.url, events=KINDS, by=None)
    got = []

    def ask():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 80954)),"
                " pg_try_advisory_xact_lock(hashtextextended('another', 80954))", [app.app_id],
            )  # fmt: skip
            got.append(cursor.fetchone())
        connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert got == [(False, True)]


class TestConsole:
    URL = "/operator/realtime/realtimeapp/"

    def test_found_by_its_key_with_what_it_does(self, console, app, theirs):
        page = console.get(self.URL, {"q": app.key}).content.decode()
        assert app.app_id in page
        assert theirs.app_id not in page
        assert "Alpha" in page
        assert "frontend/src/console.ts" in page  # brings what lists lack on a phone

    def test_its_plot_bears_its_own_name(self, console, app):
        page = console.get(f"{self.URL}{app.pk}/change/").content.decode()
        assert '<p class="text-sm">Realtime messages</p>' in page

    def test_closed_for_a_reason_until_operators_open_it(self, console, app, admin, browse):
        def act(name, **values):
            chosen = {"action": name, "_selected_action": [str(app.pk)], **values}
            return console.post(self.URL, chosen, follow=True)

        assert "Why?" in act("close").content.decode()
        act("close", confirmed="yes", reason="Ticket 7")
        closed = RealtimeApp.objects.get(pk=app.pk)
        assert (closed.state, closed.closed_reason) == ("closed", "Ticket 7")
        browser = browse(admin)
        browser.post(f"{app.get_absolute_url()}switch/", {"on": "1"})
        assert RealtimeApp.objects.get(pk=app.pk).state == "closed"
        assert "Ticket 7" in browser.get(app.get_absolute_url()).content.decode()
        act("open_again", confirmed="yes", reason="Settled")
        assert RealtimeApp.objects.get(pk=app.pk).state == "active"
        deeds = AuditEntry.objects.filter(schema_name="w_alpha", object_id=str(app.pk))
        told = {e.action: (e.data.get("reason"), e.actor_label) for e in deeds}
        assert told["realtime_app.closed"] == ("Ticket 7", "operator olga@toolboxai.example")
        assert told["realtime_app.opened"][0] == "Settled"

    @pytest.fixture
    def theirs(self, beta):
        return realtime_apps.create(tenant=beta, name="Beta's", by=None)
