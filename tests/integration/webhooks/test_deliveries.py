"""From a deed to the answer of the address that is told of it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone
from standardwebhooks import Webhook

from apps.core.errors import NotFound
from apps.gateway.services import api_keys
from apps.jobs.models import JobRun
from apps.webhooks import schedule
from apps.webhooks.errors import EndpointOff, NothingToReplay
from apps.webhooks.models import Attempt, Delivery, Endpoint, Event
from apps.webhooks.services import deliveries, endpoints, events, lanes, replays, retention
from tests.factories.gateway import make_key
from tests.factories.webhooks import make_endpoint, send_out
from tests.fixtures.receivers import Answer


def only(endpoint):
    return Delivery.objects.get(endpoint=endpoint)


def later(**delta):
    return time_machine.travel(timezone.now() + timedelta(**delta), tick=False)


class TestOutbox:
    def test_what_arrives_is_signed_and_says_what_happened(self, alpha, endpoint, receiver):
        key, _ = make_key(alpha, name="Build")
        send_out()
        call = receiver.received[0]
        body = Webhook(endpoint.secret).verify(call.body, call.headers)
        assert (body["type"], body["version"], body["workspace"]) == ("api_key.created", 1, "alpha")
        assert body["data"] == {"id": str(key.pk), "name": str(key), "scopes": ["releases.view"]}
        assert call.headers["webhook-id"] == Event.objects.get().message_id
        assert only(endpoint).state == "succeeded"

    def test_a_deed_that_is_undone_sends_nothing(self, alpha, endpoint):
        def fail():
            with transaction.atomic():
                make_key(alpha)
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()
        assert not Event.objects.exists()

    def test_the_job_is_asked_for_when_the_deed_is_committed(
        self, alpha, endpoint, receiver, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            make_key(alpha)
            make_key(alpha)
        assert JobRun.objects.filter(name="webhooks.deliver").count() == 1

    def test_other_events_and_other_workspaces_are_not_told(self, alpha, beta, receiver):
        make_endpoint(alpha, receiver.url, events=["api_key.revoked"])
        make_endpoint(beta, receiver.url)
        key, _ = make_key(alpha)
        assert not Event.objects.exists()
        api_keys.revoke(key=key, by=None)
        assert [e.type for e in Event.objects.all()] == ["api_key.revoked"]
        assert Event.objects.get().tenant == alpha

    def test_nobody_subscribed_costs_one_query(self, alpha, django_assert_num_queries):
        from apps.audit.services import entries

        with transaction.atomic(), django_assert_num_queries(4):
            entries.record(action="api_key.created", by=None, schema_name=alpha.schema_name)


class TestRetries:
    def test_a_failure_is_tried_again_until_it_works(self, alpha, endpoint, receiver):
        receiver.says(Answer(500, {"x-why": "no"}, b"broken"), Answer(204, body=b""))
        make_key(alpha)
        send_out()
        waiting = only(endpoint)
        assert (waiting.state, waiting.attempts, waiting.status) == ("pending", 1, 500)
        assert timedelta(seconds=4) < waiting.due_at - timezone.now() <= timedelta(seconds=5)
        first = Attempt.objects.get()
        assert (first.body, first.headers["x-why"], first.url) == ("broken", "no", receiver.url)
        send_out()
        assert len(receiver.received) == 1
        with later(seconds=6):
            send_out()
        assert (only(endpoint).state, len(receiver.received)) == ("succeeded", 2)
        ids = {call.headers["webhook-id"] for call in receiver.received}
        assert len(ids) == 1
        endpoint.refresh_from_db()
        assert endpoint.state == "active"

    def test_after_three_days_it_is_given_up(self, alpha, endpoint, receiver):
        receiver.says(Answer(500))
        make_key(alpha)
        began = timezone.now()
        with time_machine.travel(began, tick=False) as clock:
            for _ in range(len(schedule.WAITS) + 1):
                clock.move_to(max(only(endpoint).due_at, timezone.now()))
                send_out()
            found = only(endpoint)
            assert (found.state, found.attempts) == ("failed", len(schedule.WAITS) + 1)
            assert timedelta(days=2.5) < timezone.now() - began <= timedelta(days=3)

    def test_a_wish_to_wait_is_honoured_for_all_that_waits(self, alpha, endpoint, receiver):
        receiver.says(Answer(429, {"retry-after": "600"}), Answer())
        make_key(alpha)
        send_out()
        make_key(alpha)
        with later(seconds=500):
            send_out()
            assert len(receiver.received) == 1
        with later(seconds=601):
            send_out()
        assert {d.state for d in Delivery.objects.all()} == {"succeeded"}

    def test_one_failure_does_not_hold_up_the_next_event(self, alpha, endpoint, receiver):
        receiver.says(Answer(500), Answer())
        make_key(alpha)
        make_key(alpha)
        send_out()
        assert sorted(d.state for d in Delivery.objects.all()) == ["pending", "succeeded"]

    def test_a_redirect_is_a_failure_and_not_followed(self, alpha, endpoint, receiver):
        receiver.says(Answer(302, {"location": receiver.url + "/elsewhere"}))
        make_key(alpha)
        send_out()
        assert (only(endpoint).state, len(receiver.received)) == ("pending", 1)

    def test_an_address_that_became_private_is_not_called(
        self, alpha, endpoint, receiver, settings
    ):
        settings.OUTGOING_NETWORKS_ALLOWED = []
        make_key(alpha)
        send_out()
        assert receiver.received == []
        assert "not a public address" in Attempt.objects.get().problem
        assert only(endpoint).state == "pending"


class TestLanes:
    def test_an_unreachable_endpoint_is_called_once_and_rests(self, alpha, endpoint, receiver):
        Endpoint.objects.filter(pk=endpoint.pk).update(url="http://127.0.0.1:1/")
        healthy = make_endpoint(alpha, receiver.url)
        for _ in range(3):
            make_key(alpha)
        send_out()
        assert Attempt.objects.filter(delivery__endpoint=endpoint).count() == 1
        assert Attempt.objects.filter(delivery__endpoint=healthy).count() == 3
        endpoint.refresh_from_db()
        assert endpoint.paused_until > timezone.now()
        assert lanes.sweep() == 0

    def test_one_that_fails_waits_in_the_queue_of_bulk_work(self, alpha, endpoint):
        Endpoint.objects.filter(pk=endpoint.pk).update(failures=1, failing_since=timezone.now())
        make_key(alpha)
        lanes.sweep()
        assert JobRun.objects.get(name="webhooks.deliver_slowly").queue == "bulk"

    def test_a_lane_ends_with_its_budget_and_is_taken_up_again(
        self, alpha, endpoint, receiver, monkeypatch
    ):
        monkeypatch.setattr(schedule, "LANE_BUDGET", 0.0)
        make_key(alpha)
        assert lanes.work(endpoint_id=str(endpoint.pk)) == 0
        assert JobRun.objects.filter(name="webhooks.deliver").exists()

    def test_a_delivery_that_another_worker_holds_is_left_alone(self, alpha, endpoint, receiver):
        make_key(alpha)
        Delivery.objects.update(held_until=timezone.now() + timedelta(seconds=30))
        send_out()
        assert receiver.received == []
        with later(seconds=31):
            lanes.work(endpoint_id=str(endpoint.pk))
        assert len(receiver.received) == 1

    def test_a_lost_job_is_replaced(self, alpha, endpoint, receiver):
        make_key(alpha)
        lanes.sweep()
        JobRun.objects.all().delete()
        assert lanes.sweep() == 0
        with later(minutes=3):
            assert lanes.sweep() == 1


class TestHealth:
    def test_410_switches_off_at_once(self, alpha, endpoint, receiver, owner):
        receiver.says(Answer(410))
        make_key(alpha)
        make_key(alpha)
        send_out()
        endpoint.refresh_from_db()
        assert (endpoint.state, endpoint.disabled_reason) == ("off", "gone")
        assert {d.state for d in Delivery.objects.all()} == {"failed"}
        assert len(receiver.received) == 1

    def test_failing_for_days_warns_and_then_switches_off(
        self, alpha, endpoint, receiver, owner, mailoutbox
    ):
        receiver.says(Answer(500))

        def fail():
            make_key(alpha)
            send_out()

        fail()
        for days, subjects in (
            (0.5, []),
            (1.1, ["A webhook of Alpha has failed for a day"]),
            (2, ["A webhook of Alpha has failed for a day"]),
        ):
            with later(days=days):
                fail()
            assert [mail.subject for mail in mailoutbox] == subjects
        with later(days=5.1):
            fail()
        endpoint.refresh_from_db()
        assert (endpoint.state, endpoint.disabled_reason) == ("off", "failing")
        assert mailoutbox[-1].subject == "A webhook of Alpha is switched off"
        assert mailoutbox[-1].to == [owner.email]
        assert endpoint.url in mailoutbox[-1].body

    def test_what_came_while_it_was_off_can_be_sent_later(self, alpha, endpoint, receiver):
        endpoints.disable(endpoint=endpoint, by=None)
        make_key(alpha)
        assert only(endpoint).state == "skipped"
        with pytest.raises(EndpointOff):
            replays.replay(delivery=only(endpoint), by=None)
        on = endpoints.enable(endpoint=endpoint, by=None)
        send_out()
        assert receiver.received == []
        since = timezone.now() - timedelta(hours=1)
        assert replays.replay_failed(endpoint=on, since=since, by=None) == 1
        send_out()
        assert only(endpoint).state == "succeeded"

    def test_nothing_to_replay_is_said(self, alpha, endpoint):
        with pytest.raises(NothingToReplay):
            replays.replay_failed(endpoint=endpoint, since=timezone.now(), by=None)


class TestReplay:
    def test_the_same_message_goes_out_again(self, alpha, endpoint, receiver):
        make_key(alpha)
        send_out()
        replays.replay(delivery=only(endpoint), by=None)
        with pytest.raises(NothingToReplay):
            replays.replay(delivery=only(endpoint), by=None)
        send_out()
        one, two = receiver.received
        assert (one.body, one.headers["webhook-id"]) == (two.body, two.headers["webhook-id"])
        assert [a.number for a in Attempt.objects.order_by("number")] == [1, 2]

    def test_a_test_is_sent_to_one_endpoint_alone(self, alpha, endpoint, receiver, owner):
        make_endpoint(alpha, receiver.url)
        made = events.send_test(endpoint=endpoint, by=owner)
        send_out()
        assert [json.loads(call.body)["type"] for call in receiver.received] == ["webhook.test"]
        made.refresh_from_db()
        assert made.state == "succeeded"

    def test_anothers_delivery_is_not_found(self, alpha, beta, endpoint, receiver):
        other = make_endpoint(beta, receiver.url)
        make_key(alpha)
        with pytest.raises(NotFound):
            deliveries.find(endpoint=other, delivery_id=only(endpoint).pk)


class TestSecrets:
    def test_both_sign_until_the_former_one_ends(self, alpha, endpoint, receiver):
        former = endpoint.secret
        changed = endpoints.rotate_secret(endpoint=endpoint, by=None, overlap_hours=24)
        make_key(alpha)
        send_out()
        call = receiver.received[0]
        for secret in (former, changed.secret):
            Webhook(secret).verify(call.body, call.headers)
        with later(hours=25):
            make_key(alpha)
            send_out()
        assert len(receiver.received[1].headers["webhook-signature"].split()) == 1

    def test_one_that_leaked_ends_at_once(self, endpoint):
        changed = endpoints.rotate_secret(endpoint=endpoint, by=None, overlap_hours=0)
        assert changed.secrets(timezone.now()) == [changed.secret]

    def test_it_stands_nowhere_in_plain_text(self, alpha, endpoint):
        with connection.cursor() as cursor:
            cursor.execute("SELECT secret FROM webhooks_endpoint")
            stored = cursor.fetchone()[0]
        assert endpoint.secret not in stored


def test_the_log_is_kept_for_thirty_days(alpha, endpoint, receiver):
    make_key(alpha)
    send_out()
    with later(days=29):
        assert retention.forget() == 0
    with later(days=31):
        assert retention.forget() == 1
    assert not Attempt.objects.exists()
