from __future__ import annotations

import pytest

from tests.factories.webhooks import make_endpoint


@pytest.fixture(autouse=True)
def _own_redis(own_redis):
    """Nobody else's queues."""


@pytest.fixture
def endpoint(alpha, receiver):
    """Alpha's, told of everything, at `receiver`."""
    return make_endpoint(alpha, receiver.url)
