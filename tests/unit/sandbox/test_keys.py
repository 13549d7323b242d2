from __future__ import annotations

import pytest
import time_machine

from sandbox.roblox import keys
from sandbox.world import World


@pytest.fixture
def world(tmp_path):
    world = World.open(tmp_path)
    yield world
    world.database.close()


def test_a_key_unused_for_60_days_expires(world):
    key, _text = keys.create(world, name="CI", owner_id=1)
    assert not key.expired
    with time_machine.travel("2099-01-01T00:00:00Z"):
        assert key.expired


def test_scopes_are_granted_per_universe(world):
    key, _text = keys.create(
        world, name="CI", owner_id=1, scopes=["universe:write", "asset:read"], universe_ids=[7]
    )
    assert key.allows("universe:write", 7)
    assert not key.allows("universe:write", 8)
    assert not key.allows("universe:read", 7)
    assert key.allows("asset:read", None)


def test_keys_are_found_by_their_text_alone(world):
    _key, text = keys.create(world, name="CI", owner_id=1)
    assert keys.find(world, text).name == "CI"
    assert keys.find(world, text[:-1]) is None


@pytest.mark.parametrize("scope", ["universe", ":write", "universe:"])
def test_what_is_no_scope_is_refused(world, scope):
    with pytest.raises(ValueError, match="not a scope"):
        keys.create(world, name="CI", owner_id=1, scopes=[scope])


def test_state_survives_a_restart(tmp_path):
    first = World.open(tmp_path)
    _key, text = keys.create(first, name="CI", owner_id=1)
    first.database.close()
    second = World.open(tmp_path)
    assert keys.find(second, text)
    second.database.close()
