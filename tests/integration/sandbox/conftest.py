from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.fixtures.sandbox import Sandbox, SandboxExperience

BINARY_PLACE = b"<roblox!\x89\xff\r\n\x1a\n" + bytes(18)
XML_PLACE = b'<roblox version="4"></roblox>'


@pytest.fixture
def experience(sandbox: Sandbox) -> SandboxExperience:
    return sandbox.create_experience()


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.url, timeout=5) as client:
        yield client


@pytest.fixture
def publish(http: httpx.Client, experience: SandboxExperience) -> Callable[..., httpx.Response]:
    def post(content: bytes = BINARY_PLACE, **changes: object) -> httpx.Response:
        universe = changes.get("universe_id", experience.universe_id)
        place = changes.get("place_id", experience.staging_place_id)
        return http.post(
            f"/universes/v1/{universe}/places/{place}/versions",
            params={"versionType": str(changes.get("version_type", "Published"))},
            content=content,
            headers={
                "x-api-key": str(changes.get("key", experience.api_key)),
                "content-type": str(changes.get("content_type", "application/octet-stream")),
            },
        )

    return post
