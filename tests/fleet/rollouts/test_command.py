"""`manage.py fleet`, as a person types it."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.fleet.management.displays import Display, bar
from apps.fleet.models import Rollout, Schema
from apps.fleet.services import owner
from apps.fleet.services.courses import Progress

from .conftest import ADD_COLOUR, fail_in


def say(*words):
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_migrate_says_what_came_of_it(fleet):
    fleet.grow(12)
    fleet.release("0002_colour", ADD_COLOUR)
    said = say("fleet", "migrate", "--rings", "canary,50%", "--by", "olga@toolboxai.example")
    assert "canary" in said.splitlines()[0]
    assert "completed" in said.splitlines()[-1]
    assert "12 done" in said
    assert "olga@toolboxai.example" in say("fleet", "history")
    assert "0 failed" not in say("fleet", "status")
    assert "up to date" in say("fleet", "migrate")


def test_djangos_own_command_does_the_same(fleet):
    fleet.grow(1)
    fleet.release("0002_colour", ADD_COLOUR)
    assert "completed" in say("migrate")
    with pytest.raises(CommandError, match="fleet migrate"):
        say("migrate", "marks", "zero")


def test_a_failure_is_an_exit_code_and_a_reason(fleet):
    fleet.grow(1)
    fleet.release("0002_broken", fail_in("w_fleet_00"))
    with pytest.raises(CommandError, match="too sad"):
        say("fleet", "migrate")
    status = say("fleet", "status")
    assert "1 failed" in status
    assert "too sad" in status


def test_status_shows_versions_rings_and_what_was_cut_short(fleet):
    fleet.grow(4)
    fleet.release("0002_colour", ADD_COLOUR)
    assert "run `fleet migrate`" in say("fleet", "status")
    say("fleet", "migrate", "--until", "canary")
    Rollout.objects.update(state=Rollout.State.RUNNING)
    status = say("fleet", "status")
    assert "canary   1/1" in status
    assert "all      0/3" in status
    assert "cut short" in status


def test_a_check_command_judges_each_ring(fleet):
    fleet.grow(3)
    fleet.release("0002_colour", ADD_COLOUR)
    with pytest.raises(CommandError, match="ended with 1"):
        say("fleet", "migrate", "--check-command", "test {ring} = canary")
    assert Rollout.objects.get().ring == 1


def test_rollback_asks_before(fleet, monkeypatch):
    fleet.grow(2)
    fleet.release("0002_colour", ADD_COLOUR)
    say("fleet", "migrate")
    monkeypatch.setattr("builtins.input", lambda _: "n")
    with pytest.raises(CommandError, match="Nothing was changed"):
        say("fleet", "rollback", "--all")
    assert "rolled back" in say("fleet", "rollback", "--all", "--no-input")
    assert "rolled back" in say("fleet", "history", "--schema", "w_fleet_00")


def test_verify_shows_drift_table_by_table(fleet):
    fleet.grow(2)
    assert "as its version says" in say("fleet", "verify")
    with owner.session():
        owner.raw().execute("ALTER TABLE w_fleet_01.marks_workspacemark ADD COLUMN own text")
    out = StringIO()
    with pytest.raises(CommandError, match="1 schemas differ"):
        call_command("fleet", "verify", stdout=out)
    assert "marks_workspacemark: column own is not known to the code" in out.getvalue()
    assert "as its version says" in say("fleet", "verify", "--schema", "w_fleet_00")


class Terminal(StringIO):
    def isatty(self):
        return True


def test_the_bar_shows_rate_and_time_left():
    line = bar(Progress("10%", total=90, done=44, blocked=1), seconds=0.5)
    assert line == (
        "10%       [###############...............]  44/90  90/s  0:00 left  1 wait for a lock"
    )
    assert "in 2.0 s" in bar(Progress("all", total=4, done=4), seconds=2, live=False)


def test_a_terminal_sees_one_line_grow(monkeypatch):
    monkeypatch.setattr("apps.fleet.management.displays.REDRAW_SECONDS", 0)
    from django.core.management.base import OutputWrapper

    terminal = Terminal()
    display = Display(OutputWrapper(terminal))
    for done in range(3):
        display.move(Progress("all", total=3, done=done + 1))
    display.end()
    assert terminal.getvalue().count("\n") == 1
    assert terminal.getvalue().count("\r") >= 2


def test_a_workspace_is_marked_as_canary(fleet):
    fleet.grow(2)
    assert "canary now" in say("fleet", "canary", "w_fleet_01")
    assert Schema.objects.get(is_canary=True).name == "w_fleet_01"
    say("fleet", "canary", "w_fleet_01", "--off")
    assert not Schema.objects.filter(is_canary=True).exists()
    with pytest.raises(CommandError, match="w_nobody"):
        say("fleet", "canary", "w_nobody")
