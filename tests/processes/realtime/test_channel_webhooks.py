"""From a socket in a channel of a workspace's own app to its server: web, beat and worker are the
processes of the product.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from pusher import Pusher

from apps.jobs.models import JobRun
from apps.realtime.services import channel_webhooks, realtime_apps
from benchmarks.mixed.stage import address
from tests.fixtures.receivers import Answer
from tests.integration.realtime.endpoint import channel, serve
from tests.processes.jobs.conftest import wait

KINDS = ("channel_occupied", "channel_vacated", "member_added", "client_event")
pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def app(site, alpha, settings):
    settings.REALTIME_REDIS_URL = site.valkey.url
    return realtime_apps.create(tenant=alpha, name="Arena", client_events=True, by=None)


@pytest.fixture
def web(site, app):
    """A web process, met as the workspace's app."""
    with serve(
        DJANGO_SETTINGS_MODULE="tests.processes.realtime.settings",
        DATABASE_URL=address("default"),
        REDIS_URL=site.valkey.url,
    ) as endpoint:
        yield replace(endpoint, app_id=app.app_id, key=app.key, secret=app.secret)


def test_an_apps_server_is_told_signed_of_its_channels(site, app, web, receiver):
    """Its first answer is a refusal, after which the worker comes again."""
    receiver.says(Answer(status=503), Answer())
    webhook = channel_webhooks.add(app_id=app.app_id, url=receiver.url, events=KINDS, by=None)
    site.settings = "tests.processes.realtime.settings"
    site.worker()
    site.beat()
    room = channel("presence-")
    with web.open() as ada, web.open() as bob:
        ada.join(room, "ada")
        bob.join(room, "bob")
        ada.hear("pusher_internal:member_added")
        ada.say("client-wave", {"hand": "left"}, channel=room)
        bob.hear("client-wave")
        socket_id = ada.id
    wait(lambda: "channel_vacated" in {event["name"] for event in told(receiver, app)})
    wait(lambda: not JobRun.objects.filter(name="realtime.tell").unfinished().exists())
    about = {"channel": room, "user_id": "ada"}
    assert unlike(told(receiver, app)) == unlike(
        [
            {"name": "channel_occupied", "channel": room},
            {"name": "member_added", **about},
            {"name": "member_added", **about, "user_id": "bob"},
            {
                "name": "client_event", **about, "socket_id": socket_id,
                "event": "client-wave", "data": '{"hand":"left"}',
            },
            {"name": "channel_vacated", "channel": room},
        ]
    )  # fmt: skip
    runs = JobRun.objects.filter(name="realtime.tell")
    assert {run.state for run in runs} == {"succeeded"}
    assert max(run.attempts for run in runs) > 1
    webhook.refresh_from_db()
    assert (bool(webhook.last_success_at), webhook.failing_since) == (True, None)


def told(receiver, app):
    """All events that came, each batch with a signature that Pusher's library takes."""
    library = Pusher(app.app_id, app.key, app.secret)
    events = []
    for call in list(receiver.received):
        key, signature = (call.headers[f"x-pusher-{name}"] for name in ("key", "signature"))
        said = library.validate_webhook(key, signature, call.body.decode())
        assert said, call
        events += said["events"]
    return events


def unlike(events):
    """Each once: a batch is sent at least once, and the refused one was sent again."""
    return {json.dumps(event, sort_keys=True) for event in events}
