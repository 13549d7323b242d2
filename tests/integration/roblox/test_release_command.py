"""`manage.py release`: the same services, on the command line."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.jobs.models import JobRun
from apps.jobs.task import run_now
from apps.roblox.management.commands import release as command
from tests.factories.roblox import make_experience, place_file


@pytest.fixture(autouse=True)
def _worker_at_hand(monkeypatch):
    """Where the command would wait for a worker, do the open jobs here."""

    def work(_seconds):
        for run in JobRun.objects.filter(state="queued", name__startswith="roblox."):
            run_now(run)

    monkeypatch.setattr(command.time, "sleep", work)


@pytest.fixture
def lab(roblox, in_alpha, owner):
    return make_experience(roblox, owner)


@pytest.fixture
def place(tmp_path):
    path = tmp_path / "lab.rbxlx"
    path.write_bytes(place_file())
    return path


def release(*words, **options):
    out = StringIO()
    call_command("release", *map(str, words), "--workspace", "alpha", stdout=out, **options)
    return out.getvalue()


def test_the_whole_way_on_the_command_line(lab, place, tmp_path):
    other = tmp_path / "other.rbxlx"
    other.write_bytes(place_file(note="2"))
    assert "is ready" in release("create", "1.0.0", place)
    release("create", "1.1.0", other)
    for version in ("1.0.0", "1.1.0"):
        assert "[+] Publish to Roblox" in release("deploy", version)
        assert f"{version} is live on production" in release("promote", version)
    assert "1.0.0 is live on production" in release("rollback")
    assert "production  1.0.0 (Roblox version 3)" in release("status")
    assert "live on staging" in release("list")


def test_a_member_may_be_named_and_needs_the_permission(lab, place, teacher):
    release("create", "1.0.0", place, "--by", teacher.email)
    release("deploy", "1.0.0", "--by", teacher.email)
    with pytest.raises(CommandError, match="does not allow"):
        release("promote", "1.0.0", "--by", teacher.email)


def test_a_blocked_release_ends_with_an_error(lab, tmp_path):
    bad = tmp_path / "bad.rbxlx"
    bad.write_bytes(place_file("require(1234567890)"))
    with pytest.raises(CommandError, match="blocked"):
        release("create", "1.0.0", bad)
    assert "critical" in release("show", "1.0.0")


def test_a_failed_deployment_says_why(roblox, lab, place):
    release("create", "1.0.0", place)
    roblox.revoke_key(lab.environments.get(kind="staging").api_key)
    with pytest.raises(CommandError, match="does not accept the API key"):
        release("deploy", "1.0.0")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("show", "9.9.9"), "no release 9.9.9"),
        (("list", "--experience", "nope"), "no experience 'nope'"),
        (("create", "1.0.0", "/nowhere.rbxl"), "No such file"),
        (("list", "--by", "nobody@x.example"), "Nobody has"),
    ],
)
def test_what_is_not_there_is_named(lab, words, message):
    with pytest.raises(CommandError, match=message):
        release(*words)


def test_an_unknown_workspace_is_named(db):
    with pytest.raises(CommandError, match="no active workspace 'nope'"):
        call_command("release", "list", "--workspace", "nope")
