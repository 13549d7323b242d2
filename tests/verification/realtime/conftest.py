from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.realtime.endpoint import Endpoint, Socket, serve


@pytest.fixture(scope="session")
def endpoint() -> Iterator[Endpoint]:
    """The whole product, as `web` runs it."""
    with serve(DJANGO_SETTINGS_MODULE="config.settings") as endpoint:
        yield endpoint


@pytest.fixture
def socket(endpoint: Endpoint) -> Iterator[Socket]:
    with endpoint.open() as socket:
        yield socket
