from __future__ import annotations

import pytest

from apps.fleet.errors import RingsInvalid
from apps.fleet.services import rings, statements
from apps.fleet.services.passages import allowed_failures

FLEET = [f"w_{number:03}" for number in range(1000)]


def sizes(text, names=FLEET, canaries=()):
    divided = rings.divide(names, rings=rings.parse(text), canaries=canaries)
    return {name: len(members) for name, members in divided.items()}


def test_the_usual_rings_of_a_thousand():
    assert sizes("canary,1%,10%,all") == {"canary": 1, "1%": 9, "10%": 90, "all": 900}


def test_a_small_fleet_has_fewer_rings():
    assert sizes("canary,1%,10%,all", FLEET[:5]) == {"canary": 1, "all": 4}


def test_the_rest_is_always_a_ring():
    assert sizes("5,50%", FLEET[:20]) == {"5": 5, "50%": 5, "all": 10}


def test_canaries_are_all_in_the_first_ring():
    divided = rings.divide(FLEET, rings=rings.parse(rings.USUAL), canaries=["w_700", "w_800"])
    assert divided["canary"] == ["w_700", "w_800"]


def test_the_order_does_not_follow_names():
    first = rings.divide(FLEET, rings=rings.parse("10%"))["10%"]
    assert first != FLEET[:100]
    assert first == rings.divide(reversed(FLEET), rings=rings.parse("10%"))["10%"]


@pytest.mark.parametrize("text", ["some", "0%", "101%", "5%,5%", "canary,,all", "-3"])
def test_what_is_no_ring_is_refused(text):
    with pytest.raises(RingsInvalid):
        rings.parse(text)


def test_no_canary_may_fail_and_few_of_the_others():
    assert allowed_failures(ring="canary", size=3, tolerated=0.01) == 0
    assert allowed_failures(ring="all", size=1, tolerated=0.01) == 0
    assert allowed_failures(ring="all", size=12, tolerated=0.01) == 1
    assert allowed_failures(ring="all", size=900, tolerated=0.01) == 9


@pytest.mark.parametrize(
    ("statement", "alone"),
    [
        ('CREATE INDEX CONCURRENTLY "a" ON "t" ("b")', True),
        ("VACUUM t", True),
        ('CREATE INDEX "a" ON "t" ("b")', False),
        ("ALTER TABLE t VALIDATE CONSTRAINT c", False),
    ],
)
def test_which_statements_stand_alone(statement, alone):
    assert statements.needs_no_transaction(statement) is alone


def test_names_of_indexes_are_found():
    assert statements.index_made('CREATE UNIQUE INDEX CONCURRENTLY "a_b" ON "t" ("b")') == "a_b"
    assert statements.index_made("CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON t (b)") == "a"
    assert statements.index_dropped('DROP INDEX CONCURRENTLY IF EXISTS "a_b"') == "a_b"
    assert statements.index_made("CREATE INDEX a ON t (b)") is None
