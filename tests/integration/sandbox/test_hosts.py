from __future__ import annotations

import httpx
import pytest


@pytest.mark.parametrize("host", ["rebound.example", "127.0.0.1.example"])
def test_only_loopbacks_names_are_served(sandbox, host):
    assert httpx.get(f"{sandbox.url}/_sandbox/state", headers={"host": host}).status_code == 400
    assert httpx.get(f"{sandbox.url}/_sandbox/state").status_code == 200
