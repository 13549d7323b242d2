"""Pusher's own client for JavaScript, under Node, against the built-in endpoint."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.realtime.endpoint import ROOT, Endpoint, serve

SCRIPT = Path(__file__).with_name("pusher_js.cjs")
SUFFIX = "js"


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
def own_endpoint() -> Iterator[Endpoint]:
    with serve(DJANGO_SETTINGS_MODULE="config.settings") as endpoint:
        yield endpoint


@pytest.fixture
def story(own_endpoint: Endpoint) -> Iterator[Story]:
    node = Path(sys.executable).with_name("node")
    command = [str(node) if node.exists() else str(shutil.which("node")), str(SCRIPT)]
    command += [str(own_endpoint.port), own_endpoint.key, own_endpoint.secret, SUFFIX]
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
    assert story.next("stranger") == 4001
    story.next("ready to be cut off")
    own_endpoint.process.kill()
    own_endpoint.process.wait()
    with serve(like=own_endpoint, port=own_endpoint.port):
        assert story.next("back") == 1
    assert story.process.wait(10) == 0
