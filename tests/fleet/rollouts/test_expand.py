"""A column that is added, filled and tightened, as docs/runbooks/expand-and-contract.md says."""

from __future__ import annotations

import pytest

from apps.fleet.models import Backfill, Rollout, SchemaStep
from apps.fleet.services import owner, plans, rollbacks, rollouts

Mode = SchemaStep.Mode
ADD = """
operations = [
    migrations.AddField("workspacemark", "note", models.TextField(null=True)),
    migrations.AddField("workspacemark", "other", models.ForeignKey(
        "self", models.CASCADE, null=True, db_constraint=False, db_index=False)),
]
"""
FILL = """
from apps.fleet.operations import BackfillInBatches
atomic = False
operations = [BackfillInBatches(
    name="notes", model="workspacemark", where=models.Q(note=None), update={"note": "filled"})]
"""
TIGHTEN = """
from apps.fleet.operations import AddForeignKey, AddNotNull, AddUniqueConcurrently
atomic = False
operations = [
    AddNotNull("workspacemark", "note", models.TextField(db_default="")),
    AddForeignKey("workspacemark", "other", models.ForeignKey(
        "self", models.CASCADE, null=True)),
    AddUniqueConcurrently("workspacemark", models.UniqueConstraint(
        fields=["note"], name="note_once")),
]
"""


@pytest.fixture
def names(fleet):
    """Two workspaces with a row each, and three migrations for them."""
    grown = fleet.grow(2)
    for name in grown:
        ask(f"INSERT INTO {name}.marks_workspacemark VALUES (1, '{name}', now())")  # noqa: S608
    fleet.release("0008_add", ADD)
    fleet.release("0009_fill", FILL)
    fleet.release("0010_tighten", TIGHTEN)
    return grown


def ask(query):
    with owner.session():
        cursor = owner.raw().execute(query.encode())
        return cursor.fetchall() if cursor.description else []


def test_the_plan_knows_each_step(names):
    plan = plans.make()
    assert plan.findings == []
    assert [step.mode for step in plan.groups[0].steps] == [
        Mode.REPLAY,
        Mode.PYTHON,
        Mode.CONCURRENT,
    ]


def test_it_reaches_every_schema_and_comes_back(fleet, names, quick):
    rollout = rollouts.migrate(by="test", course=quick())
    assert (rollout.state, rollout.problem) == (Rollout.State.COMPLETED, "")
    for name in names:
        assert ask(f"SELECT note FROM {name}.marks_workspacemark") == [("filled",)]  # noqa: S608
        assert Backfill.objects.get(schema_name=name).rows == 1
    rollout = rollbacks.roll_back(by="test", whole=True, course=quick())
    assert rollout.state == Rollout.State.ROLLED_BACK
    assert "note" not in fleet.columns(names[0])
    assert not Backfill.objects.exists()
