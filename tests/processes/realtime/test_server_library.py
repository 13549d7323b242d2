"""Pusher's server library for Node against the built-in endpoint."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

from apps.realtime import protocol, signatures
from tests.integration.realtime.endpoint import ROOT
from tests.integration.realtime.test_users import sign_in

SCRIPT = Path(__file__).with_name("pusher_server.cjs")


def test_triggers_asks_terminates_and_reads_webhooks(endpoint, socket):
    suffix = secrets.token_hex(6)
    sign_in(socket, f"ada-{suffix}")
    socket.hear("pusher:signin_success")
    socket.join(f"room-{suffix}")
    socket.join(f"presence-{suffix}", "ada")
    said = _tell(endpoint, suffix, _webhook(endpoint, suffix))
    room, cache = f"room-{suffix}", f"cache-{suffix}"
    assert said == {
        "triggered": {
            "channels": {room: {"subscription_count": 1}, cache: {"subscription_count": 0}}
        },
        "batch": {"batch": [{"subscription_count": 1}, {}]},
        "channels": {"channels": {room: {}}},
        "cached": '{"title":"Grüße"}',
        "users": {"users": [{"id": "ada"}]},
        "too large": 413,
        "terminated": 200,
        "webhook": [True, [{"name": "channel_occupied", "channel": room}], False],
    }
    assert json.loads(socket.hear("news")["data"]) == {"title": "Grüße"}
    assert json.loads(socket.hear("first")["data"]) == {"n": 1}
    assert socket.closing_code() == 4009


def _webhook(endpoint, suffix):
    """As `apps.realtime.webhooks` sends it; its own tests have it on the way."""
    events = [{"name": "channel_occupied", "channel": f"room-{suffix}"}]
    body = protocol.to_json({"time_ms": 1, "events": events})
    headers = {
        "content-type": "application/json",
        "x-pusher-key": endpoint.key,
        "x-pusher-signature": signatures.sign(endpoint.secret, body),
    }
    return json.dumps({"headers": headers, "body": body})


def _tell(endpoint, suffix, webhook):
    """What the script says, by name."""
    node = Path(sys.executable).with_name("node")
    command = [str(node) if node.exists() else str(shutil.which("node")), str(SCRIPT)]
    command += [str(endpoint.port), endpoint.app_id, endpoint.key, endpoint.secret, suffix]
    done = subprocess.run(
        command, cwd=ROOT, input=webhook, capture_output=True, text=True, check=True, timeout=90
    )
    return dict(json.loads(line) for line in done.stdout.splitlines())
