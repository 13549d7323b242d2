import json

import pytest

from apps.realtime.outbox import Outbox
from apps.realtime.subscriptions import Subscription

pytestmark = pytest.mark.asyncio


class Heard(Outbox):
    def __init__(self):
        super().__init__()
        self.heard = []

    def push(self, message):
        self.heard.append(message["text"])


async def test_confirmation_comes_before_what_arrived_meanwhile():
    outbox = Heard()
    place = Subscription(outbox)
    place.deliver({"text": "event"}, None)
    assert outbox.heard == []
    place.confirm("confirmed")
    place.deliver({"text": "later"}, None)
    assert outbox.heard == ["confirmed", "event", "later"]


async def test_news_of_members_on_the_roll_is_dropped():
    outbox = Heard()
    place = Subscription(outbox)
    place.deliver({"text": "on the roll"}, 6)
    place.deliver({"text": "new"}, 7)
    place.confirm("confirmed", version=6)
    place.deliver({"text": "late news"}, 5)
    assert outbox.heard == ["confirmed", "new"]


async def test_confirmation_of_nobody_known_is_plain():
    from apps.realtime.hub import _confirmation

    assert json.loads(_confirmation("c", None))["data"] == "{}"
