"""What failed for good: kept, run again, discarded, told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.core.errors import Conflict, Invalid
from apps.jobs import signals
from apps.jobs.models import Failure, JobRun
from apps.jobs.services import failures, outcomes, replays, retention, runs
from apps.jobs.services.replays import Match, NotReplayable
from tests.factories.accounts import UserFactory
from tests.factories.jobs import work_off


def dead(name="jobs.nothing", schema_name="w_alpha", error=None, **values):
    run = runs.request(name=name, arguments={}, by=None, schema_name=schema_name, **values)
    claimed = runs.claim(run_id=str(run.pk))
    outcomes.fail(run=claimed, error=error or Conflict("no"))
    return claimed


@pytest.fixture
def told():
    heard = []

    def hear(alert, **_):
        heard.append(alert)

    signals.failures_told.connect(hear, dispatch_uid="test")
    yield heard
    signals.failures_told.disconnect(dispatch_uid="test")


@pytest.mark.parametrize(
    ("match", "count"),
    [
        ({}, 3),
        ({"name": "jobs.other"}, 1),
        ({"workspace": "w_beta"}, 1),
        ({"code": "internal_error"}, 1),
        ({"since": timezone.now() + timedelta(hours=1)}, 0),
        ({"name": "jobs.other", "workspace": "w_beta"}, 0),
    ],
)
def test_all_that_match_run_again(db, match, count):
    dead()
    dead(name="jobs.other")
    dead(schema_name="w_beta", error=RuntimeError("x"))
    assert replays.replay_all(rows=Match(**match).rows(), by=None)[0] == count
    assert JobRun.objects.filter(state="queued").count() == count


def test_one_that_was_asked_for_again_stays(db):
    run = dead(unique_key="one")
    other = runs.request(name="jobs.nothing", arguments={}, by=None, unique_key="one")
    assert other != run
    with pytest.raises(NotReplayable):
        replays.replay(run=run, by=None)
    assert replays.replay_all(rows=Match().rows(), by=None)[0] == 0


def test_a_reason_is_wanted_to_discard(db):
    dead()
    with pytest.raises(Invalid):
        replays.discard(rows=Match().rows(), reason=" ", by=None)


def test_what_is_discarded_stays_on_record(db, owner):
    run = dead()
    assert replays.discard(rows=Match().rows(), reason="the experience is gone", by=owner) == 1
    run.refresh_from_db()
    assert (run.state, run.discarded_by) == ("failed", owner.email)
    assert not JobRun.objects.dead().exists()
    entry = AuditEntry.objects.get(action="job.discarded")
    assert entry.data["reason"] == "the experience is gone"


def test_a_discarded_one_can_still_run_again(db):
    run = dead()
    replays.discard(rows=Match().rows(), reason="no need", by=None)
    replays.replay(run=run, by=None)
    assert (run.state, run.discard_reason) == ("queued", "")


class TestTelling:
    def test_the_first_of_its_kind_is_told_once(self, db, told, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            dead()
            dead()
        assert [(a.kind, a.name, a.code) for a in told] == [("new", "jobs.nothing", "conflict")]
        assert Failure.objects.get().count == 2

    def test_after_a_quiet_week_it_is_new(self, db, told, django_capture_on_commit_callbacks):
        dead()
        Failure.objects.update(last_at=timezone.now() - timedelta(days=8))
        with django_capture_on_commit_callbacks(execute=True):
            dead()
        assert [a.kind for a in told] == ["new"]

    def test_many_at_once_are_told_once_an_hour(self, db, told, django_capture_on_commit_callbacks):
        for _ in range(5):
            dead()
        with django_capture_on_commit_callbacks(execute=True):
            assert failures.watch() == 1
            assert failures.watch() == 0
        assert "5 of 5 runs of jobs.nothing failed" in told[-1].sentence

    def test_few_among_many_that_succeed_are_not(self, db):
        for _ in range(5):
            dead()
        now = timezone.now()
        JobRun.objects.bulk_create(
            JobRun(name="jobs.nothing", schema_name="w_a", state="succeeded", finished_at=now)
            for _ in range(40)
        )
        assert failures.watch() == 0

    def test_what_is_muted_is_not(self, db, told, django_capture_on_commit_callbacks):
        dead()
        failures.mute(
            failure=Failure.objects.get(), until=timezone.now() + timedelta(days=1), by=None
        )
        with django_capture_on_commit_callbacks(execute=True):
            for _ in range(6):
                dead()
            assert failures.watch() == 0
        assert not told

    def test_what_was_cancelled_is_no_failure(self, db):
        run = runs.request(name="transfers.export", arguments={"export_id": None}, by=None)
        outcomes.cancel(run=run, by=None)
        assert not Failure.objects.exists()


class TestRetention:
    def test_what_ended_long_ago_goes_but_dead_letters_stay(self, db):
        kept = dead()
        gone = JobRun.objects.create(
            name="jobs.nothing", schema_name="w_a", state="succeeded", finished_at=timezone.now()
        )
        long_ago = timezone.now() - timedelta(days=90)
        JobRun.objects.update(finished_at=long_ago)
        assert retention.forget() == 1
        assert JobRun.objects.get() == kept
        assert gone != kept


class TestCommand:
    def test_lists(self, db, capsys):
        run = dead()
        call_command("jobs", "list", "--name", "jobs.nothing")
        assert f"{run.pk}" in capsys.readouterr().out

    def test_replays_what_matches(self, db, capsys):
        dead()
        call_command("jobs", "replay", "--workspace", "w_alpha", "--since", "1h")
        assert "1 runs again." in capsys.readouterr().out

    def test_takes_a_workspaces_name(self, db, alpha, capsys):
        run = dead(schema_name=alpha.schema_name)
        call_command("jobs", "list", "--workspace", alpha.slug)
        assert f"{run.pk}" in capsys.readouterr().out
        with pytest.raises(CommandError, match="There is no workspace nowhere"):
            call_command("jobs", "list", "--workspace", "nowhere")

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["show", "x"], "x is no job's id"),
            (["replay", "x"], "x is no job's id"),
            (["list", "--since", "yesterday"], "'yesterday' is no time"),
            (["list", "--since", "2026-13-01"], "is no time"),
            (["discard", "--all", "--reason", " "], "Say in at most 300 characters"),
        ],
    )
    def test_says_what_is_wrong(self, db, words, said):
        with pytest.raises(CommandError, match=said):
            call_command("jobs", *words)

    def test_does_not_replay_everything_unasked(self, db):
        dead()
        with pytest.raises(CommandError, match="Say which"):
            call_command("jobs", "replay")

    def test_says_which_is_none(self, db):
        run = runs.request(name="jobs.nothing", arguments={}, by=None)
        with pytest.raises(CommandError, match="No dead letter"):
            call_command("jobs", "replay", str(run.pk))

    def test_discards_for_a_reason(self, db, capsys):
        run = dead()
        call_command("jobs", "discard", str(run.pk), "--reason", "no need")
        assert "1 discarded." in capsys.readouterr().out

    def test_shows_with_the_traceback(self, db, capsys):
        call_command("jobs", "show", str(dead(error=RuntimeError("why")).pk))
        assert "RuntimeError: why" in capsys.readouterr().out

    def test_cancels(self, db, capsys):
        run = runs.request(name="transfers.export", arguments={"export_id": None}, by=None)
        call_command("jobs", "cancel", str(run.pk))
        assert "cancelled" in capsys.readouterr().out


def test_operators_are_told_by_mail(db, mailoutbox, django_capture_on_commit_callbacks):
    operator = UserFactory(is_staff=True)
    with django_capture_on_commit_callbacks(execute=True):
        dead(error=RuntimeError("x"))
    work_off()
    (letter,) = mailoutbox
    assert letter.to == [operator.email]
    assert letter.subject == "jobs.nothing fails in a new way"
    assert f"/operator/jobs/jobrun/{JobRun.objects.get(name='jobs.nothing').pk}/" in letter.body
