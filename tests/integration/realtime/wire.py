"""Clients of an application within this process: a socket as the consumer sees it, and a signed
call of the HTTP API.
"""

import asyncio
import json
from urllib.parse import urlsplit

from django.test import Client
from pusher import Pusher
from pusher.http import Request

from apps.realtime.consumers import PusherConsumer


def call(app, method, path, secret=None, key=None, **body):
    """A signed request as the Python library makes it, to the view in this process."""
    customer = Pusher(app.app_id, key or app.key, secret or app.secret, host="h", ssl=False)
    request = Request(customer._pusher_client, method, path, body)
    parts = urlsplit(request.url)
    address = f"{parts.path}?{parts.query}"
    client = Client(SERVER_NAME="localhost")
    if method == "GET":
        return client.get(address, query_params=request.query_params or {})
    return client.post(address, request.body, content_type="application/json")


class Wire:
    """One socket as the consumer sees it."""

    def __init__(self, key, **headers):
        self.sent, self.incoming = asyncio.Queue(), asyncio.Queue()
        scope = {
            "type": "websocket", "query_string": b"protocol=7",
            "url_route": {"kwargs": {"key": key}},
            "headers": [(n.encode(), v.encode()) for n, v in headers.items()],
        }  # fmt: skip
        self.incoming.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.create_task(PusherConsumer()(scope, self.incoming.get, self.sent.put))

    async def hear(self):
        """The next frame's event and data, or a close code."""
        message = await asyncio.wait_for(self.sent.get(), 30)
        if message["type"] == "websocket.accept":
            return await self.hear()
        if message["type"] == "websocket.close":
            return message["code"]
        frame = json.loads(message["text"])
        data = frame.get("data")
        return frame["event"], json.loads(data) if isinstance(data, str) else data

    async def say(self, event, data, **more):
        text = json.dumps({"event": event, "data": data, **more})
        await self.incoming.put({"type": "websocket.receive", "text": text})

    async def hang_up(self):
        await self.incoming.put({"type": "websocket.disconnect", "code": 1000})
        await asyncio.gather(self.task, return_exceptions=True)
