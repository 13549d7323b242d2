"""Pusher's own client for JavaScript, under Node, against the built-in endpoint."""

from __future__ import annotations

import base64
import json
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pusher import Pusher

from apps.realtime import pusher_api
from benchmarks.mixed.stage import address
from tests.integration.realtime.endpoint import ROOT, Endpoint, serve

SCRIPT = Path(__file__).with_name("pusher_js.cjs")
SUFFIX = "js"
MASTER_KEY = base64.b64encode(secrets.token_bytes(32)).decode()


class Story:
    """What the script tells, line by line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def next(self, what: str) -> object:
        assert self.process.stdout
        line = self.process.stdout.readline()
        said, value = json.loads(line) if line else (f"exit {self.process.wait()}", None)
        assert said == what
        return value


@pytest.fixture
def own_endpoint(django_db_setup: None) -> Iterator[Endpoint]:
    """With a database, in which it looks for the apps of workspaces."""
    with serve(
        DJANGO_SETTINGS_MODULE="config.settings", DATABASE_URL=address("default")
    ) as endpoint:
        yield endpoint


@pytest.fixture
def story(own_endpoint: Endpoint) -> Iterator[Story]:
    node = Path(sys.executable).with_name("node")
    command = [str(node) if node.exists() else str(shutil.which("node")), str(SCRIPT)]
    command += [str(own_endpoint.port), own_endpoint.key, own_endpoint.secret, SUFFIX, MASTER_KEY]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        yield Story(process)
        process.kill()


def test_the_whole_conversation(own_endpoint, story):
    assert story.next("connected") is True
    story.next("ready for news")
    own_endpoint.pusher.trigger(f"public-{SUFFIX}", "news", {"title": "Grüße"})
    assert story.next("news") == {"title": "Grüße"}
    assert story.next("refused") == ["AuthError", 401]
    assert story.next("members") == [1, {"id": "ada", "info": {"name": "ADA"}}]
    assert story.next("member_added") == {"id": "bob", "info": {"name": "BOB"}}
    assert story.next("count") == [2, 2]
    assert story.next("client-wave") == [{"hand": "left"}, "ada"]
    assert story.next("member_removed") == "bob"
    story.next("ready for a secret")
    _sealing(own_endpoint).trigger(f"private-encrypted-{SUFFIX}", "sealed", {"answer": 42})
    assert story.next("sealed") == {"answer": 42}
    story.next("cache_miss")
    own_endpoint.pusher.trigger(f"cache-{SUFFIX}", "news", {"n": 1})
    assert story.next("cached") == {"n": 1}
    story.next("signed in")
    own_endpoint.pusher.trigger("#server-to-user-eve", "told", {"n": 2})
    assert story.next("told") == {"n": 2}
    story.next("ready to be terminated")
    pusher_api.terminate_connections(own_endpoint.pusher, "eve")
    story.next("terminated")
    assert story.next("stranger") == 4001
    story.next("ready to be cut off")
    own_endpoint.process.kill()
    own_endpoint.process.wait()
    with serve(like=own_endpoint, port=own_endpoint.port):
        assert story.next("back") == 1
    assert story.process.wait(10) == 0


def _sealing(endpoint: Endpoint) -> Pusher:
    """The server library with the key of encrypted channels, which the endpoint does not have."""
    return Pusher(
        endpoint.app_id, endpoint.key, endpoint.secret, ssl=False, host="127.0.0.1",
        port=endpoint.port, encryption_master_key_base64=MASTER_KEY,
    )  # fmt: skip
