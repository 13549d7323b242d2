from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from apps.fleet.services import releases
from tests.factories.fleet import ADD_COLOUR

pytestmark = pytest.mark.django_db(databases="__all__")
RENAME = 'operations = [migrations.RenameField("workspacemark", "schema_name", "title")]'


def test_a_plan_in_words(release, capsys):
    release("0009_colour", ADD_COLOUR)
    call_command("fleet", "plan")
    out = capsys.readouterr().out
    assert "2 workspaces" in out
    assert 'ALTER TABLE "marks_workspacemark" ADD COLUMN "colour"' in out
    assert "stops reads and writes of marks_workspacemark" in out
    assert "rehearsed on an empty schema." in out


def test_a_plan_for_programs(release, capsys):
    release("0009_colour", ADD_COLOUR)
    call_command("fleet", "plan", json=True, no_rehearsal=True)
    assert json.loads(capsys.readouterr().out)["groups"][0]["workspaces"] == 2


def test_a_plan_that_is_refused_says_all_of_it_first(release, capsys):
    release("0009_rename", RENAME)
    with pytest.raises(CommandError, match="1 refused"):
        call_command("fleet", "plan", no_rehearsal=True)
    assert 'models.…(db_column="schema_name")' in capsys.readouterr().out


def test_lint_is_for_the_code_alone(capsys):
    call_command("fleet", "lint")
    assert f"since {releases.latest().name} may go out" in capsys.readouterr().out


def test_a_release_is_written_down_and_the_next_held_against_it(
    release, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(releases, "FOLDER", tmp_path)
    call_command("fleet", "release", name="0.2.0")
    call_command("fleet", "lint")
    assert "since 0.2.0 may go out" in capsys.readouterr().out
    release("0009_rename", RENAME)
    with pytest.raises(CommandError, match="1 refused"):
        call_command("fleet", "lint")


def test_a_release_is_written_once(tmp_path, monkeypatch):
    monkeypatch.setattr(releases, "FOLDER", tmp_path)
    call_command("fleet", "release", name="0.2.0")
    with pytest.raises(CommandError, match=r"0\.2\.0\.json exists"):
        call_command("fleet", "release", name="0.2.0")
