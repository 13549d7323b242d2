"""A reader under load whose connection breaks: nothing is lost, nothing comes twice."""

from __future__ import annotations

import json
import threading
from contextlib import suppress

import pytest
from django.db import connection, transaction
from websockets.exceptions import ConnectionClosed

from apps.realtime import publisher
from apps.realtime.events import Notice
from tests.integration.realtime.endpoint import eventually
from tests.processes.realtime.test_redis_faults import endpoint, own_redis

__all__ = ["endpoint", "own_redis"]
CHANNEL = "private-w-w_alpha"
EACH, WRITERS = 60, 2


@pytest.fixture(autouse=True)
def product(endpoint, redis, settings):
    """The product publishes to the running endpoint, by a thread, as it does in production."""
    settings.PUSHER_APP_ID, settings.PUSHER_KEY = endpoint.app_id, endpoint.key
    settings.PUSHER_SECRET, settings.REALTIME_REDIS_URL = endpoint.secret, redis.url
    settings.REALTIME_IN_THREAD = True


class Reader:
    """As `/docs/events/` tells: subscribe, ask for what was missed, go on by the numbers."""

    def __init__(self, endpoint, browser):
        self.endpoint, self.browser = endpoint, browser
        self.texts, self.connections = [], 0

    def apply(self, sequence, text):
        if sequence > len(self.texts):
            assert sequence == len(self.texts) + 1, "one was left out"
            self.texts.append(text)

    def read(self, until):
        """Until it has so many events, over as many connections as that takes."""
        while len(self.texts) < until:
            with suppress(ConnectionClosed), self.endpoint.open(self.path) as socket:
                if self.joined(socket):
                    self.connections += 1
                    self.catch_up()
                    self.listen(socket, until)

    @property
    def path(self):
        return f"/app/{self.endpoint.key}?protocol=7"

    def joined(self, socket):
        """False while Redis is away: the endpoint says that one should come later."""
        hello = socket.hear()
        if hello["event"] == "pusher:error":
            return False
        socket.id = json.loads(hello["data"])["socket_id"]
        socket.say("pusher:subscribe", socket.ticket(CHANNEL))
        return socket.hear()["event"] == "pusher_internal:subscription_succeeded"

    def catch_up(self):
        answer = {"has_more": True}
        while answer["has_more"]:
            answer = self.browser.get(
                "/api/v1/events/", {"after": len(self.texts), "limit": 20}
            ).json()
            for event in answer["events"]:
                self.apply(event["sequence"], event["payload"]["text"])

    def listen(self, socket, until):
        while len(self.texts) < until:
            message = socket.hear()
            if message["event"] == "notice":
                payload = json.loads(message["data"])
                self.apply(payload["sequence"], payload["text"])


def write(writer, phase, is_back):
    for number in range(EACH):
        if number % (EACH // 3) == 0:
            phase.wait(30)
        if number == EACH * 2 // 3:
            is_back.wait(30)
        with transaction.atomic():
            notice = Notice(schema_name="w_alpha", level="info", text=f"{writer}.{number}")
            publisher.publish(notice)
            transaction.set_rollback(number % 5 == 4)
    phase.wait(30)
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_none_lost_none_doubled_while_redis_goes_away(redis, endpoint, browse, teacher):
    written = [f"{w}.{n}" for w in range(WRITERS) for n in range(EACH) if n % 5 != 4]
    reader, phase = Reader(endpoint, browse(teacher)), threading.Barrier(WRITERS + 1)
    is_back = threading.Event()
    threads = [threading.Thread(target=write, args=(w, phase, is_back)) for w in range(WRITERS)]
    for thread in threads:
        thread.start()
    phase.wait(30)
    reader.read(5)
    listening = threading.Thread(target=read_all, args=(reader, len(written)))
    listening.start()
    eventually(lambda: reader.connections > 1, wanted=True)
    phase.wait(30)  # a third has been written; the second third while Redis is away
    redis.stop()
    phase.wait(30)
    redis.start()
    eventually(lambda: reader.connections > 2, wanted=True)
    is_back.set()
    phase.wait(30)
    for thread in (*threads, listening):
        thread.join(60)
    assert sorted(reader.texts) == sorted(written)
    for writer in range(WRITERS):
        own = [text for text in reader.texts if text.startswith(f"{writer}.")]
        assert own == [text for text in written if text.startswith(f"{writer}.")]


def read_all(reader, until):
    reader.read(until)
    connection.close()
