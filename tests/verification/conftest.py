"""Every call of the client, made for real against the sandbox and recorded on the way."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from apps.core import outgoing
from apps.roblox.open_cloud_api import OpenCloud
from apps.roblox.open_cloud_errors import OpenCloudError
from tests.fixtures.sandbox import Sandbox
from tests.verification.openapi import Exchange

BINARY = b"<roblox!\x89\xff\r\n\x1a\n" + bytes(18)
XML = b'<roblox version="4"></roblox>'


_recorded: list[Exchange] = []


@pytest.fixture
def exchanges(request: pytest.FixtureRequest) -> list[Exchange]:
    """Recorded by the first test that asks, for all of them."""
    if not _recorded:
        _recorded.extend(request.getfixturevalue("fresh_exchanges"))
    return _recorded


@pytest.fixture
def fresh_exchanges(roblox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> list[Exchange]:
    recorded: list[Exchange] = []
    send = outgoing._exchange

    def record(method: str, url: Any, limits: Any, options: dict[str, Any]) -> outgoing.Reply:
        reply = send(method, url, limits, options)
        recorded.append(Exchange(method, url.path, options, reply))
        return reply

    monkeypatch.setattr(outgoing, "_exchange", record)
    _succeed(roblox)
    _fail(roblox)
    return recorded


def _succeed(roblox: Sandbox) -> None:
    made = roblox.create_experience(expires_at="2030-01-01T00:00:00.000Z")
    client = OpenCloud(made.api_key)
    owner = client.introspect_key().owner_id
    client.publish_place(made.universe_id, made.staging_place_id, BINARY, "binary")
    client.publish_place(made.universe_id, made.staging_place_id, XML, "xml", "Saved")
    client.place(made.universe_id, made.staging_place_id)
    client.restart_servers(made.universe_id, place_ids=[made.staging_place_id], bleed_off_minutes=5)
    client.publish_message(made.universe_id, "release", "1.2.0")
    client.asset_versions(made.staging_place_id)
    roblox.quirks(operation_polls=1)
    about = {"name": "Tree", "description": "", "creator_id": owner}
    operation = client.create_asset(
        asset_type="Model", content=XML, content_type="model/x-rbxm", **about
    )
    client.operation(operation)
    asset = client.operation(operation).asset
    client.asset(asset.asset_id)


def _fail(roblox: Sandbox) -> None:
    """One refusal of each form and status."""
    made, narrow = roblox.create_experience(), roblox.create_experience(scopes=["asset:read"])
    client, place = OpenCloud(made.api_key), (made.universe_id, made.staging_place_id)
    revoked = OpenCloud(roblox.create_key(owner_id=1))
    roblox.revoke_key(revoked._api_key)
    about = {"asset_type": "Wish", "name": "", "description": "", "content_type": "x/y"}
    calls = [
        lambda: client.publish_place(*place, b"nothing", "binary"),
        lambda: client.publish_place(*place, BINARY, "binary", "Beta"),
        lambda: client.publish_place(narrow[0], narrow[1], BINARY, "binary"),
        lambda: client.publish_place(made[0], narrow[1], BINARY, "binary"),
        lambda: revoked.publish_place(*place, BINARY, "binary"),
        revoked.introspect_key,
        lambda: client.restart_servers(made.universe_id, place_ids=[1]),
        lambda: client.publish_message(made.universe_id, "release", "x" * 1025),
        lambda: client.place(made.universe_id, 1),
        lambda: client.asset(1),
        lambda: client.create_asset(content=b"", creator_id=1, **about),
    ]
    for call in calls:
        with contextlib.suppress(OpenCloudError):
            call()
    roblox.faults("POST /universes/*", kind="rate_limit", retry_after=3)
    with contextlib.suppress(OpenCloudError):
        client.publish_place(*place, BINARY, "binary")
