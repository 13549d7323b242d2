"""Schedules of beat: what is late, what was missed, and who hears of it."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from types import SimpleNamespace

import pytest
from celery import current_app
from celery.schedules import crontab
from django.core.management import call_command
from django.db.models import F
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from apps.accounts.models import User
from apps.audit.models import AuditEntry
from apps.jobs import metrics, receivers
from apps.jobs.beat import Entry, Scheduler
from apps.jobs.models import JobRun, ScheduleWatch, Worker
from apps.jobs.services import declarations, schedules, workers
from apps.mail.models import Message

HOUR = {
    "task": "jobs.watch",
    "schedule": timedelta(hours=1),
    "options": {"queue": "default", "expires": 50},
}


@pytest.fixture
def hourly(db):
    """Declared by the release, sent and begun ten minutes ago."""
    declarations.install(entries={"hourly": HOUR})
    past(minutes=10)
    return task()


def task():
    return PeriodicTask.objects.select_related("interval", "watch").get(name="hourly")


def past(*, begun=None, **ago):
    at = timezone.now() - timedelta(**ago)
    started = timezone.now() - begun if begun else at
    PeriodicTask.objects.update(last_run_at=at, date_changed=started)
    ScheduleWatch.objects.update(since=started, started_at=started, ended_at=started)


def test_a_schedule_on_time_says_when_it_is_next(hourly):
    one = schedules.standing(hourly)
    assert (one.state, one.words, one.often) == ("fine", "on time", "every hour")
    assert timedelta(minutes=49) < one.next_at - timezone.now() <= timedelta(minutes=50)


def test_what_is_declared_for_a_set_hour_is_due_then_whenever_beat_began(hourly):
    night = {**HOUR, "schedule": crontab(hour=2, minute=30)}
    for count in (1, 0):
        assert declarations.install(entries={"hourly": night}) == count
    one = schedules.standing(task())
    assert (one.next_at.hour, one.next_at.minute, one.task.interval) == (2, 30, None)
    assert not declarations.is_edited(task())
    every = IntervalSchedule.objects.create(every=5, period="minutes")
    PeriodicTask.objects.filter(name="hourly").update(interval=every, crontab=None)
    assert declarations.is_edited(task())
    assert declarations.restore(tasks=[task()], by=None) == 1
    assert (task().crontab.hour, task().interval) == ("2", None)
    assert declarations.install(entries={"hourly": HOUR}) == 1
    assert (task().crontab, task().interval.every) == (None, 3600)


def test_late_without_beat(hourly):
    past(hours=2)
    assert schedules.standing(task()).words.startswith("late: beat has not sent it since")


def test_late_without_a_worker(hourly):
    past(minutes=30, begun=timedelta(hours=2))
    assert schedules.standing(task()).words.startswith("late: no worker has begun what was due")


def test_shortly_after_its_time_it_is_not_late(hourly):
    past(minutes=65)
    assert not schedules.standing(task()).is_late


def test_what_is_off_is_never_late(hourly):
    past(days=2)
    PeriodicTask.objects.update(enabled=False)
    assert schedules.standing(task()).words == "off"


def test_beat_back_from_a_break_runs_once_what_it_missed(hourly):
    past(hours=5)
    entry = Entry(task(), app=current_app)
    assert entry.is_due().is_due
    assert entry.is_due().is_due  # beat asks twice, when it starts and when it sends
    watch = task().watch
    assert (watch.missed_count, watch.skipped_at) == (1, None)
    entry = next(entry)
    entry.save()
    assert not entry.is_due().is_due
    assert not Entry(task(), app=current_app).is_due().is_due


def test_or_skips_it_where_that_is_the_policy(hourly):
    schedules.set_on_miss(tasks=[hourly], on_miss="skip", by=None)
    entry = AuditEntry.objects.get(action="schedule.on_miss_set")
    assert (entry.object_label, entry.data) == ("hourly", {"on_miss": "skip"})
    past(hours=5)
    assert not Entry(task(), app=current_app).is_due().is_due
    one = schedules.standing(task())
    assert (one.state, one.watch.missed_count) == ("fine", 1)
    assert timedelta(minutes=59) < one.next_at - timezone.now() <= timedelta(hours=1)
    assert schedules.misses_of(one.task).startswith("skip; missed once, last for")


def test_what_was_never_sent_was_not_missed(hourly):
    past(hours=5)
    PeriodicTask.objects.update(last_run_at=None)
    assert Entry(task(), app=current_app).is_due().is_due
    assert task().watch.missed_count == 0


def test_beat_knows_crontabs_of_hours_long_past(hourly):
    """The scheduler it is built upon leaves those out that are hours away."""
    far = (timezone.now() - timedelta(hours=6)).hour
    night = CrontabSchedule.objects.create(minute="0", hour=str(far), timezone="UTC")
    PeriodicTask.objects.filter(pk=hourly.pk).update(interval=None, crontab=night)
    past(days=2)
    scheduler = Scheduler(app=current_app, lazy=True)
    found = {one.name: one for one in scheduler.enabled_models()}
    assert Entry(found["hourly"], app=current_app).is_due().is_due
    assert schedules.standing(found["hourly"]).is_late


class TestDeclarations:
    def test_what_nobody_edited_follows_the_release(self, hourly):
        often = {**HOUR, "schedule": timedelta(minutes=1)}
        assert declarations.install(entries={"hourly": often}) == 1
        assert schedules.standing(task()).often == "every minute"
        assert declarations.install(entries={"hourly": often}) == 0

    def test_what_operators_edited_stays_until_they_take_it_back(self, hourly):
        slow = IntervalSchedule.objects.create(every=3, period="hours")
        hourly.interval = slow
        hourly.save()
        assert declarations.install(entries={"hourly": {**HOUR, "options": {}}}) == 0
        assert declarations.is_edited(task())
        assert schedules.standing(task()).often == "every 3 hours"
        assert declarations.restore(tasks=[task()], by=None) == 1
        entry = AuditEntry.objects.get(action="schedule.restored")
        assert entry.data["seconds"] == [10800, 3600]
        assert (schedules.standing(task()).often, task().queue) == ("every hour", None)

    def test_switching_off_is_no_edit_and_stays(self, hourly):
        PeriodicTask.objects.update(enabled=False)
        declarations.install(entries={"hourly": {**HOUR, "schedule": timedelta(minutes=1)}})
        assert not task().enabled

    def test_what_is_declared_no_more_goes_and_what_operators_made_stays(self, hourly):
        PeriodicTask.objects.create(name="ours", task="jobs.watch", interval=hourly.interval)
        assert declarations.install(entries={"daily": HOUR}) == 2
        left = PeriodicTask.objects.order_by("name").values_list("name", flat=True)
        assert list(left) == ["daily", "ours"]

    def test_the_products_own_can_all_be_installed(self, db, settings):
        declared = settings.CELERY_BEAT_SCHEDULE
        assert declarations.install(entries=declared) == len(declared)
        assert not any(one.is_late for one in schedules.overview())
        assert ScheduleWatch.objects.get(task__name="isolation.probe").on_miss == "skip"


class TestOutcomes:
    def request(self, **about):
        return SimpleNamespace(hostname="celery@one", periodic_task_name="hourly", **about)

    def test_workers_note_them(self, hourly):
        done = SimpleNamespace(request=self.request())
        receivers.note_begun(task=done)
        assert task().watch.is_running
        assert schedules.standing(task()).state == "running"
        receivers.note_ended(task=done, state="FAILURE", retval=ValueError("no"))
        assert schedules.outcome_of(task()) == "failed: ValueError: no"
        assert schedules.standing(task()).words == "on time, but it failed"
        receivers.note_begun(task=done)
        receivers.note_ended(task=done, state="SUCCESS", retval=3)
        assert schedules.outcome_of(task()) == "succeeded in 0.0 s"

    def test_a_message_that_lay_too_long_was_dropped(self, hourly):
        message = SimpleNamespace(request_dict={"periodic_task_name": "hourly"})
        receivers.note_dropped(request=message, expired=True)
        assert schedules.outcome_of(task()) == "dropped: it waited too long for a worker"

    def test_other_tasks_are_not_noted(self, hourly, django_assert_num_queries):
        other = SimpleNamespace(request=SimpleNamespace(hostname="celery@one"))
        with django_assert_num_queries(0):
            receivers.note_begun(task=other)
            receivers.note_ended(task=other, state="SUCCESS", retval=None)


class TestTelling:
    @pytest.fixture
    def told(self, hourly):
        """How many mails operators were written, each time they would be told."""
        User.objects.create_user(email="olga@toolboxai.example", is_staff=True)

        def tell():
            before = Message.objects.count()
            schedules.tell_late()
            return Message.objects.count() - before

        return tell

    def test_operators_hear_of_it_once_for_as_long_as_it_is_late(self, told):
        assert told() == 0
        past(hours=5)
        assert told() == 1
        assert Message.objects.get().template == "mail/schedules_late"
        assert told() == 0
        past(minutes=1)
        assert told() == 0
        past(hours=5)
        assert told() == 1

    def test_what_is_late_soon_after_is_told_together(self, told, hourly):
        past(hours=5)
        assert told() == 1
        for name in ("second", "third"):
            other = PeriodicTask.objects.create(
                name=name, task=hourly.task, interval=hourly.interval, enabled=True
            )
            long_ago = timezone.now() - timedelta(hours=5)
            PeriodicTask.objects.filter(pk=other.pk).update(last_run_at=long_ago)
            ScheduleWatch.objects.create(task=other)
        assert told() == 0
        ScheduleWatch.objects.update(told_at=F("told_at") - timedelta(minutes=11))
        assert told() == 1
        assert told() == 0

    def test_prometheus_sees_it(self, hourly):
        past(hours=5)
        found = {sample.name: sample.value for m in metrics.collect() for sample in m.samples}
        assert found["toolboxai_schedule_late"] == 1
        assert found["toolboxai_schedule_missed_total"] == 0


def test_the_command_says_it_in_text(hourly):
    out = StringIO()
    call_command("jobs", "schedules", stdout=out)
    assert "hourly: on time\n  every hour; when missed: run once\n" in out.getvalue()


def test_the_overview_takes_one_query(hourly, django_assert_num_queries):
    declarations.install(entries={"hourly": HOUR, **{f"one-{n}": HOUR for n in range(3)}})
    with django_assert_num_queries(1):
        assert len([(one.often, one.words) for one in schedules.overview()]) == 4


class TestWorkers:
    def test_they_say_that_they_are_there_and_what_they_run(self, hourly, capsys):
        workers.beat(name="celery@one", queues="bulk", concurrency=2, started_at=timezone.now())
        schedules.note_begun(name="hourly", worker="celery@one")
        JobRun.objects.create(
            name="mail.send", schema_name="w_a", state="running", worker="celery@one",
            started_at=timezone.now(), heartbeat_at=timezone.now(),
        )  # fmt: skip
        call_command("jobs", "workers")
        text = capsys.readouterr().out
        assert "celery@one: here; 2 at a time of bulk" in text
        assert "w_a" in text
        assert "  hourly  since" in text

    def test_one_that_says_nothing_is_silent(self, db):
        workers.beat(name="celery@one", queues="bulk", concurrency=2, started_at=timezone.now())
        Worker.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=1))
        assert workers.overview()[0].worker.state == "silent"
