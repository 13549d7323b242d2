"""A fleet's way to a new version, ring after ring."""

from __future__ import annotations

import pytest

from apps.fleet.models import Rollout, Schema
from apps.fleet.services import rollouts, versions

from .conftest import ADD_COLOUR

pytestmark = pytest.mark.django_db(transaction=True)


def test_all_schemas_get_the_new_column(fleet, quick):
    names = fleet.grow(12)
    fleet.release("0002_colour", ADD_COLOUR)
    rollout = rollouts.migrate(by="test", course=quick())
    assert rollout.state == Rollout.State.COMPLETED
    assert set(fleet.versions().values()) == {versions.recorded().pk}
    assert all("colour" in fleet.columns(name) for name in names)
