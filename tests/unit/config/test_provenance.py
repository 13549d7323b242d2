"""Log lines and error reports name the workspace they come from."""

from __future__ import annotations

from apps.core.postgresql import workspace
from apps.core.postgresql.workspace import SchemaOnly, Workspace
from config.provenance import name_in_log, name_in_report

ALPHA = Workspace(SchemaOnly("w_alpha"), "w_alpha")


def test_lines_name_the_present_workspace():
    with workspace.within(ALPHA):
        assert name_in_log(None, "info", {"event": "x"}) == {"event": "x", "workspace": "w_alpha"}


def test_what_a_line_says_itself_stands():
    with workspace.within(ALPHA):
        assert name_in_log(None, "info", {"workspace": "w_beta"}) == {"workspace": "w_beta"}


def test_outside_of_workspaces_nothing_is_named():
    assert name_in_log(None, "info", {"event": "x"}) == {"event": "x"}
    assert name_in_report({}) == {}


def test_reports_are_tagged():
    with workspace.within(ALPHA):
        assert name_in_report({"tags": {"a": 1}})["tags"] == {"a": 1, "workspace": "w_alpha"}
