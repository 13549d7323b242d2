"""An application's server is told what happens in its channels."""

import asyncio
import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from pusher import Pusher
from redis.exceptions import ConnectionError as RedisConnectionError

from apps.audit.models import AuditEntry
from apps.core.errors import Invalid
from apps.jobs.models import JobRun
from apps.jobs.task import run_now
from apps.realtime import hub, keys, news, redis_clients, webhooks
from apps.realtime.applications import Application
from apps.realtime.models import ChannelWebhook, RealtimeApp
from apps.realtime.registry import Member
from apps.realtime.services import channel_deliveries, channel_webhooks
from apps.realtime.subscriptions import Connection
from apps.tenants.signals import workspace_purging
from tests.fixtures.receivers import Answer
from tests.integration.realtime.endpoint import channel

APPLICATION = Application("3", "key", "secret")
EVENT = {"name": "channel_occupied", "channel": "room"}


@pytest.fixture(autouse=True)
def _no_news():
    redis = redis_clients.of_process()
    yield
    redis.delete(keys.WISHES, *(make("3") for make in (keys.tally, keys.news)))


def noted(app_id="3"):
    entries = redis_clients.of_process().xrange(keys.news(app_id))
    return [json.loads(fields["event"]) for _, fields in entries]


async def enter(socket_id):
    connection = Connection(socket_id, APPLICATION)
    await hub.current().enter(connection)
    return connection


async def conversation(kinds):
    """Everything that webhooks can be told, in two channels."""
    redis_clients.of_process().hset(keys.WISHES, "3", ",".join(kinds))
    room, cache = channel("presence-"), channel("cache-")
    first, second = await enter("1.1"), await enter("1.2")
    for connection, user in ((first, "ada"), (second, "bob")):
        await hub.current().subscribe(connection, room, Member(user, "null"))
        await hub.current()._counts.finish()
    await hub.current().subscribe(first, cache)
    address = APPLICATION.address(room)
    await hub.current().news.note_client_event(
        address, "client-wave", {"n": 1}, socket_id="1.1", user_id="ada"
    )
    for connection in (second, first):
        await hub.current().leave(connection)
        await hub.current()._counts.finish()
    return room, cache


def test_what_happens_is_noted_where_it_is_wanted():
    room, cache = asyncio.run(conversation(news.KINDS))
    of_room = [e for e in noted() if e["channel"] == room]
    assert [e["name"] for e in of_room if e["name"] != "subscription_count"] == [
        "member_added", "channel_occupied", "member_added", "client_event", "member_removed",
        "member_removed", "channel_vacated",
    ]  # fmt: skip
    assert [e["user_id"] for e in of_room if "user_id" in e] == ["ada", "bob", "ada", "bob", "ada"]
    assert {
        "name": "client_event", "channel": room, "event": "client-wave", "data": '{"n":1}',
        "socket_id": "1.1", "user_id": "ada",
    } in of_room  # fmt: skip
    assert {"name": "subscription_count", "channel": room, "subscription_count": 1} in of_room
    assert {"name": "cache_miss", "channel": cache} in noted()


def test_nothing_else_is_noted():
    asyncio.run(conversation(["cache_miss"]))
    assert [e["name"] for e in noted()] == ["cache_miss"]


class TestDelivery:
    @pytest.fixture(autouse=True)
    def _redis(self, own_redis):
        """Nobody else's webhooks."""

    @pytest.fixture
    def webhook(self, db, receiver, settings):
        kinds = ["channel_occupied", "channel_vacated"]
        return channel_webhooks.add(
            app_id=settings.PUSHER_APP_ID, url=receiver.url, events=kinds, by=None
        )

    @pytest.fixture
    def happens(self, settings):
        def happens(name, channel="room", at="*"):
            event = json.dumps({"name": name, "channel": channel})
            stream = keys.news(settings.PUSHER_APP_ID)
            redis_clients.of_process().xadd(stream, {"event": event}, id=at)

        return happens

    def test_a_batch_that_the_server_library_takes(self, webhook, happens, receiver, settings):
        happens("channel_occupied", "one")
        happens("cache_miss", "not-wanted")
        happens("channel_occupied", "two")
        assert (webhooks.collect(), webhooks.collect()) == (1, 0)
        run = run_now(JobRun.objects.get(name="realtime.tell"))
        assert run.result == {"delivered": True}
        [call] = receiver.received
        library = Pusher(settings.PUSHER_APP_ID, settings.PUSHER_KEY, settings.PUSHER_SECRET)
        key, signature = call.headers["x-pusher-key"], call.headers["x-pusher-signature"]
        told = library.validate_webhook(key, signature, call.body.decode())
        assert [event["channel"] for event in told["events"]] == ["one", "two"]
        assert library.validate_webhook(key, signature, call.body.decode() + " ") is None
        webhook.refresh_from_db()
        assert webhook.last_success_at

    def test_a_server_that_refuses_is_asked_again(self, webhook, happens, receiver):
        receiver.says(Answer(status=500), Answer())
        happens("channel_occupied")
        webhooks.collect()
        run = run_now(JobRun.objects.get(name="realtime.tell"))
        webhook.refresh_from_db()
        assert (run.state, bool(webhook.failing_since)) == (JobRun.State.QUEUED, True)
        JobRun.objects.filter(pk=run.pk).update(due_at=timezone.now())
        run_now(run)
        webhook.refresh_from_db()
        assert (run.result, webhook.failing_since) == ({"delivered": True}, None)

    def test_the_last_failure_is_the_servers_not_the_jobs(self, webhook, receiver):
        receiver.says(Answer(status=500, body=b"no"))
        delivery = channel_deliveries.put(webhook=webhook, batch="b", events=[EVENT])
        answer = channel_deliveries.send(delivery_id=str(delivery.pk), is_last=True)
        delivery.refresh_from_db()
        assert (answer["delivered"], "500" in answer["problem"]) == (False, True)
        assert (delivery.state, delivery.status, delivery.answer) == ("failed", 500, "no")

    def test_after_five_minutes_it_is_given_up(self, webhook, receiver):
        receiver.says(Answer(status=500))
        delivery = channel_deliveries.put(webhook=webhook, batch="b", events=[EVENT])
        delivery.began_at -= timedelta(minutes=6)
        delivery.save()
        answer = channel_deliveries.send(delivery_id=str(delivery.pk), is_last=False)
        assert answer["delivered"] is False

    def test_they_go_with_the_workspace(self, alpha, webhook):
        app = RealtimeApp.objects.create(
            tenant=alpha, name="x", app_id="7", key=channel()[:40], secret="x" * 20
        )
        ChannelWebhook.objects.create(app_id=app.app_id, url="https://x.example", events=["x"])
        workspace_purging.send(sender=None, schema_name=alpha.schema_name)
        assert list(ChannelWebhook.objects.all()) == [webhook]

    def test_one_that_is_gone_is_told_nothing(self, webhook, happens):
        happens("channel_occupied")
        channel_webhooks.remove(webhook=webhook, by=None)
        assert webhooks.collect() == 0

    def test_who_was_told_and_is_no_more_is_written_down(self, alpha, receiver, owner):
        app = RealtimeApp.objects.create(tenant=alpha, name="x", app_id="7", key="k", secret="s")
        webhook = channel_webhooks.add(
            app_id=app.app_id, url=receiver.url, events=["cache_miss"], by=owner
        )
        channel_webhooks.remove(webhook=webhook, by=owner)
        entries = AuditEntry.objects.filter(schema_name=alpha.schema_name, actor_id=owner.pk)
        deeds = entries.filter(action__startswith="channel_webhook.").order_by("sequence")
        assert [(e.action, e.data["app_id"]) for e in deeds] == [
            ("channel_webhook.added", "7"), ("channel_webhook.removed", "7"),
        ]  # fmt: skip

    def test_without_redis_it_is_made_known_later(
        self, db, receiver, monkeypatch, django_capture_on_commit_callbacks
    ):
        def away():
            raise RedisConnectionError

        monkeypatch.setattr(webhooks, "write_wishes", away)
        with django_capture_on_commit_callbacks(execute=True) as made:
            channel_webhooks.add(app_id="1", url=receiver.url, events=["cache_miss"], by=None)
        assert made
        assert ChannelWebhook.objects.filter(app_id="1").exists()

    @pytest.mark.parametrize(
        "given",
        [{"events": []}, {"events": ["colour"]}, {"url": "ftp://example.com"}, {"url": "x"}],
    )
    def test_what_cannot_be_told_is_refused(self, db, receiver, given):
        with pytest.raises(Invalid):
            channel_webhooks.add(
                **{"app_id": "1", "url": receiver.url, "events": ["cache_miss"], "by": None} | given
            )

    def test_our_own_network_is_not_called(self, db, receiver, settings):
        settings.OUTGOING_NETWORKS_ALLOWED = []
        with pytest.raises(Invalid):
            channel_webhooks.add(app_id="1", url=receiver.url, events=["cache_miss"], by=None)

    def test_from_the_command_line(self, db, receiver, settings, capsys):
        call_command("channel_webhooks", "add", receiver.url, "--events", "cache_miss")
        webhook = ChannelWebhook.objects.get()
        assert (webhook.app_id, webhook.events) == (settings.PUSHER_APP_ID, ["cache_miss"])
        call_command("channel_webhooks", "list")
        assert receiver.url in capsys.readouterr().out
        call_command("channel_webhooks", "remove", str(webhook.pk))
        assert not ChannelWebhook.objects.exists()
