from __future__ import annotations

import pytest
from django.conf import settings

from apps.core import rates
from tests.factories.classes import make_class


@pytest.fixture(autouse=True)
def _no_tries_yet():
    rates._storage(settings.REDIS_URL).reset()


@pytest.fixture
def school_class(in_alpha, teacher):
    return make_class(teacher, "7B Science", "Maya Lopez", "Noah Kim")
