from __future__ import annotations

import asyncio

import pytest

from apps.core.request_size import BodyLimit
from apps.roblox.open_cloud_api import LARGEST_PLACE
from config.asgi import application


async def keep(scope, receive, send):
    """Reads all of the body, as Django does, and answers with its length."""
    kept = 0
    while message := await receive():
        kept += len(message["body"])
        if not message["more_body"]:
            break
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": str(kept).encode()})


LIMITED = BodyLimit(keep, largest=10, largest_upload=100, uploads=r"/upload/")


def status(path, chunks, announced=None, app=LIMITED):
    waiting, sent = list(chunks), []

    async def receive():
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def send(message):
        sent.append(message)

    headers = [(b"content-length", str(announced).encode())] if announced else []
    asyncio.run(app({"type": "http", "path": path, "headers": headers}, receive, send))
    return sent[0]["status"]


@pytest.mark.parametrize(
    ("path", "chunks", "expected"),
    [
        ("/", [b"x" * 10], 200),
        ("/", [b"x" * 11], 413),
        ("/", [b"x" * 6, b"x" * 6], 413),
        ("/upload/", [b"x" * 60, b"x" * 40], 200),
        ("/upload/", [b"x" * 60, b"x" * 41], 413),
        ("/upload/more/", [b"x" * 11], 413),
    ],
)
def test_what_arrives_is_counted(path, chunks, expected):
    assert status(path, chunks) == expected


def test_an_announced_length_is_refused_before_anything_is_read():
    assert status("/", [], announced=11) == 413


@pytest.mark.parametrize(
    ("path", "megabytes"),
    [
        ("/accounts/login/", 11),
        ("/api/v1/deployments/", 11),
        ("/api/v1/releases/", 201),
        ("/experiences/volcano-lab/releases/new/", 201),
    ],
)
def test_the_product_has_its_limits(path, megabytes):
    web = application.application_mapping["http"]
    assert status(path, [], announced=megabytes << 20, app=web) == 413


@pytest.mark.parametrize("path", ["/api/v1/releases/", "/experiences/volcano-lab/releases/new/"])
def test_the_largest_place_fits_where_places_are_uploaded(path):
    web = application.application_mapping["http"]
    assert web._uploads.fullmatch(path)
    assert web._largest_upload > LARGEST_PLACE
