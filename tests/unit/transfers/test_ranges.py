from __future__ import annotations

import pytest
from django.test import AsyncRequestFactory, RequestFactory

from apps.transfers import ranges

CONTENT = bytes(range(256)) * 4096  # several blocks


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    return path


def serve(file, factory=RequestFactory, **headers):
    request = factory().get("/", headers=headers)
    return ranges.serve(request, file, etag="abc", filename="a.tar")


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [("0-99", 0, 99), ("500-", 500, 1048575), ("-10", 1048566, 1048575), ("0-9999999", 0, 1048575)],
)
def test_a_part(file, wanted, first, last):
    answer = serve(file, Range=f"bytes={wanted}")
    assert (answer.status_code, b"".join(answer)) == (206, CONTENT[first : last + 1])
    assert answer["Content-Range"] == f"bytes {first}-{last}/1048576"


@pytest.mark.parametrize(
    "wanted", ["bytes=-", "bytes=5-2,7-9", "lines=1-2", "nonsense", f"bytes={'9' * 5000}-"]
)
def test_nonsense_gets_the_whole(file, wanted):
    answer = serve(file, Range=wanted)
    assert (answer.status_code, answer["Content-Length"]) == (200, "1048576")


@pytest.mark.parametrize("wanted", ["bytes=1048576-", "bytes=9-5"])
def test_outside_of_the_file(file, wanted):
    assert serve(file, Range=wanted).status_code == 416


@pytest.mark.asyncio
async def test_under_asgi_it_is_streamed(file):
    answer = serve(file, AsyncRequestFactory, Range="bytes=1-600000")
    assert answer.is_async
    assert b"".join([block async for block in answer]) == CONTENT[1:600001]
