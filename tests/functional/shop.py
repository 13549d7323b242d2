"""A customer of a workspace: their own site on loopback, with Pusher's libraries on both sides."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import Page
from pusher import Pusher

from embedded.layout import ROOT

LIBRARY = ROOT / "node_modules" / "pusher-js" / "dist" / "web" / "pusher-with-encryption.js"
SCRIPT = ROOT / "tests" / "functional" / "shop.js"
PAGE = b"""<!doctype html><title>Shop</title><link rel="icon" href="data:,">
<script src="/pusher.js"></script><script src="/shop.js"></script>"""


class Shop(ThreadingHTTPServer):
    """`server` is set once the customer has an app. Whoever comes is who they say they are."""

    daemon_threads = True
    server: Pusher
    key: str

    @property
    def origin(self) -> str:
        return f"http://shop.localhost:{self.server_port}"

    def sign(self, user: str, socket_id: str, channel: str, watched: str) -> dict[str, Any] | None:
        """What lets a connection of the user into the channel, or signs it in without one."""
        if not channel:
            about = {"id": user, "watchlist": watched.split()}
            return dict(self.server.authenticate_user(socket_id, about))
        if channel.startswith("private-closed"):
            return None
        member = None
        if channel.startswith("presence-"):
            member = {"user_id": user, "user_info": {"name": user.title()}}
        answer = self.server.authenticate(channel, socket_id, member)
        return {k: v.decode() if isinstance(v, bytes) else v for k, v in answer.items()}


class Counter(BaseHTTPRequestHandler):
    server: Shop

    def do_GET(self) -> None:
        files = {"/pusher.js": LIBRARY, "/shop.js": SCRIPT}
        path = urlsplit(self.path).path
        if path in files:
            self._answer(files[path].read_bytes(), "text/javascript")
        else:
            self._answer(PAGE, "text/html")

    def do_POST(self) -> None:
        given = self.rfile.read(int(self.headers["Content-Length"])).decode()
        asked = dict(parse_qsl(urlsplit(self.path).query)) | dict(parse_qsl(given))
        signed = self.server.sign(
            asked["user"], asked["socket_id"], asked.get("channel_name", ""), asked.get("watch", "")
        )
        self._answer(json.dumps(signed).encode(), "application/json", 200 if signed else 403)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""

    def _answer(self, body: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Customer:
    """Somebody on the shop's page. What it hears is taken in any order, each event once."""

    def __init__(self, page: Page, shop: Shop, user: str, watch: str, port: int) -> None:
        self.page = page
        page.goto(f"{shop.origin}/?user={user}&watch={watch}&key={shop.key}&port={port}")
        self.hear("connection", "connected")

    def hear(self, where: str, event: str) -> list[Any]:
        """What came with the next such event, which must come."""
        found = self.page.wait_for_function("(wanted) => take(...wanted)", arg=[where, event])
        return list(found.json_value()[2:])

    def has_heard(self, where: str, event: str) -> bool:
        return self.page.evaluate("(wanted) => take(...wanted)", [where, event]) is not None

    def join(self, channel: str) -> Any:
        """What the confirmation says."""
        self.page.evaluate("(name) => join(name)", channel)
        return self.hear(channel, "pusher:subscription_succeeded")[0]

    def send(self, channel: str, event: str, data: Any) -> None:
        self.page.evaluate(
            "([name, ...all]) => pusher.channel(name).trigger(...all)", [channel, event, data]
        )

    def sign_in(self) -> None:
        self.page.evaluate("pusher.signin()")
        self.await_own_channel()

    def await_own_channel(self) -> None:
        self.page.wait_for_function("pusher.user.serverToUserChannel?.subscribed")


@contextmanager
def opened() -> Iterator[Shop]:
    with Shop(("127.0.0.1", 0), Counter) as shop:
        serving = threading.Thread(target=shop.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield shop
        finally:
            shop.shutdown()
            serving.join()
