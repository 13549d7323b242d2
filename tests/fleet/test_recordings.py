"""What is recorded of Django's migrations makes the same schemas, forwards and back."""

from __future__ import annotations

import pytest

from apps.fleet.errors import RecordingDiffers
from apps.fleet.models import Backfill, SchemaStep
from apps.fleet.services import recordings, structures, versions
from apps.fleet.services.ownership import as_owner
from tests.factories.fleet import ADD_COLOUR, ADD_INDEX, run_as_owner, schemas_like

pytestmark = pytest.mark.django_db(databases="__all__")
Mode = SchemaStep.Mode


def record(**about):
    return recordings.record(fingerprint=versions.of_code(), using="owner", **about)


def record_steps(target=None):
    origin = versions.current()
    return recordings.record_steps(origin=origin, target=target or record(), using="owner")


def test_a_recorded_schema_looks_like_everybodys(alpha):
    with as_owner() as connection:
        _, digest = structures.read(connection, schema_name=alpha.schema_name)
    assert record().structure_hash == digest


def test_the_workspaces_migrations_are_noted_and_no_others():
    assert {tuple(key) for key in record().migrations} == versions.migrations_of_code()


def test_an_older_state_can_be_recorded_too():
    older = record(only={("media", "0001_initial")})
    assert [tuple(key) for key in older.migrations] == [("media", "0001_initial")]
    assert set(older.structure) == {"django_migrations", "media_blob"}


def test_a_new_column_is_one_step_that_can_be_taken_back(release):
    release("0002_colour", ADD_COLOUR)
    (step,) = record_steps()
    assert (str(step), step.mode) == ("marks.0002_colour", Mode.REPLAY)
    assert step.forward[0].startswith('ALTER TABLE "marks_workspacemark" ADD COLUMN "colour"')
    assert step.backward == ['ALTER TABLE "marks_workspacemark" DROP COLUMN "colour" CASCADE']


def test_an_index_beside_the_traffic_stays_so_in_steps_and_not_when_building(release):
    release("0002_index", ADD_INDEX)
    version = record()
    (step,) = record_steps(version)
    assert step.mode == Mode.CONCURRENT
    assert "CONCURRENTLY" in step.forward[0]
    assert "CONCURRENTLY" not in version.ddl


FILL = """
operations = [migrations.RunPython(
    lambda apps, _: apps.get_model("marks", "WorkspaceMark").objects.create(
        schema_name="ü 'quoted' 100%"
    ),
    {back},
)]
"""


def test_rows_that_a_migration_writes_are_part_of_a_new_schema(release):
    release("0002_fill", FILL.format(back="migrations.RunPython.noop"))
    version = record()
    assert "'ü ''quoted'' 100%'" in version.ddl
    (step,) = record_steps(version)
    assert (step.mode, step.backward) == (Mode.PYTHON, [])


def test_what_cannot_be_undone_is_known(release):
    release("0002_colour", ADD_COLOUR)
    release("0003_fill", FILL.format(back=None))
    assert [step.backward for step in record_steps()] == [None, None]


BATCHES = """
atomic = False
operations = [
    BackfillInBatches(name="names", model="workspacemark", update={"schema_name": "x"})
]
"""


def test_bookmarks_of_a_backfill_are_not_recorded(release):
    release("0002_batches", BATCHES)
    version = record()
    assert "fleet_backfill" not in version.ddl
    assert [step.mode for step in record_steps(version)] == [Mode.PYTHON]
    assert not Backfill.objects.filter(schema_name__startswith="scratch_").exists()


BY_NAME = """
operations = [migrations.RunSQL(
    "DO $$ BEGIN EXECUTE format('CREATE TABLE %I (id int)', 't_' || current_schema()); END $$"
)]
"""


def test_statements_that_depend_on_the_schema_are_refused(release):
    release("0002_by_name", BY_NAME)
    with pytest.raises(RecordingDiffers) as caught:
        record()
    assert sorted(caught.value.extra["tables"].values()) == [
        ["is missing"], ["is not known to the code"],
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_a_killed_recordings_leftovers_are_dropped():
    run_as_owner("CREATE SCHEMA scratch_0123456789ab")
    record()
    assert schemas_like("^scratch_") == set()
