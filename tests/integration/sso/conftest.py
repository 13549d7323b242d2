from __future__ import annotations

import pytest

from tests.factories.sso import set_up


@pytest.fixture
def sso(alpha, owner, issuer):
    return set_up(alpha, issuer, by=owner)


@pytest.fixture
def visitor(browse, sso):
    return browse(None)
