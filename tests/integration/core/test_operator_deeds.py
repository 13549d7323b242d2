"""What operators do to rows of the console, and by commands."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from apps.accounts.models import OperatorDevice, User
from apps.accounts.services import operators
from apps.audit.models import AuditEntry
from apps.gateway.models import ApiKey
from apps.jobs.models import JobRun
from apps.jobs.services import declarations, outcomes, runs, tickets
from apps.tenants.models import Tenant
from tests.factories.gateway import make_key
from tests.factories.tenants import invite

PUBLIC = "config.urls_public"


def url(name, *args):
    return reverse(f"admin:{name}", urlconf=PUBLIC, args=args)


class TestActions:
    def act(self, console, model, action, row):
        form = {"action": action, "_selected_action": [row.pk]}
        return console.post(url(f"{model}_changelist"), form, follow=True)

    def test_revoking_a_key(self, console, alpha):
        key, _ = make_key(alpha)
        self.act(console, "gateway_apikey", "revoke", key)
        assert ApiKey.objects.get().state == "revoked"
        entry = AuditEntry.objects.get(action="api_key.revoked")
        assert entry.actor_label == "operator olga@toolboxai.example"

    def test_taking_an_invitation_back(self, console, alpha, owner):
        invitation = invite(alpha, owner)
        self.act(console, "tenants_invitation", "revoke", invitation)
        invitation.refresh_from_db()
        assert invitation.state == "revoked"

    def test_running_a_failed_job_again(self, console):
        run = JobRun.objects.create(name="tenants.provision", schema_name="public")
        outcomes.fail(run=runs.claim(run_id=str(run.pk)), error=RuntimeError("no"))
        self.act(console, "jobs_jobrun", "run_again", run)
        run.refresh_from_db()
        assert (run.state, run.attempts, run.max_attempts) == ("queued", 1, 6)
        assert AuditEntry.objects.filter(action="job.replayed").exists()

    def test_a_job_that_is_not_over_stays(self, console):
        run = JobRun.objects.create(name="mail.send", schema_name="public")
        page = self.act(console, "jobs_jobrun", "run_again", run).content.decode()
        assert f"{run.title} is queued" in page

    def test_schedules_are_switched_and_run_at_once(self, console, own_redis):
        declarations.install(entries={"watch": {
            "task": "jobs.watch", "schedule": timedelta(minutes=1), "options": {"queue": "bulk"},
        }})  # fmt: skip
        task = PeriodicTask.objects.get(name="watch")
        page = "django_celery_beat_periodictask"
        assert "1 sent to the workers" in self.act(console, page, "run_now", task).content.decode()
        assert tickets.waiting("bulk") == 1
        self.act(console, page, "switch_off", task)
        assert not PeriodicTask.objects.get(name="watch").enabled
        self.act(console, page, "switch_on", task)
        deeds = AuditEntry.objects.filter(action__startswith="schedule.").order_by("pk")
        assert [entry.action for entry in deeds] == [
            "schedule.run", "schedule.switched_off", "schedule.switched_on",
        ]  # fmt: skip

    def test_a_schedule_that_no_task_stands_behind_is_not_run(self, console):
        hour = IntervalSchedule.objects.create(every=1, period="hours")
        task = PeriodicTask.objects.create(name="old", task="gone.away", interval=hour)
        page = self.act(console, "django_celery_beat_periodictask", "run_now", task)
        assert "this release has no task gone.away" in page.content.decode()

    def test_a_schedule_is_made_and_changed_by_hand(self, console):
        hour = IntervalSchedule.objects.create(every=1, period="hours")
        form = {"name": "mine", "task": "jobs.watch", "enabled": "on", "interval": hour.pk,
                "args": "[]", "kwargs": "[]"}  # fmt: skip
        add = url("django_celery_beat_periodictask_add")
        assert "Write a JSON object" in console.post(add, form).content.decode()
        console.post(add, {**form, "kwargs": "{}"})
        task = PeriodicTask.objects.get(name="mine")
        assert task.queue is None
        change = url("django_celery_beat_periodictask_change", task.pk)
        wrong = console.post(change, {**form, "kwargs": "{}", "queue": "bulky"})
        assert "bulky is not one of the available choices" in wrong.content.decode()
        console.post(change, {**form, "kwargs": "{}", "queue": "bulk"})
        assert AuditEntry.objects.filter(action="schedule.created").exists()
        assert AuditEntry.objects.get(action="schedule.edited").data == {"queue": "bulk"}

    def test_late_schedules_come_first(self, console):
        minute = IntervalSchedule.objects.create(every=1, period="minutes")
        for name, ago in (("a", 0), ("b", 60)):
            task = PeriodicTask.objects.create(name=name, task="jobs.watch", interval=minute)
            sent = timezone.now() - timedelta(minutes=ago)
            PeriodicTask.objects.filter(pk=task.pk).update(last_run_at=sent, date_changed=sent)
        page = console.get(url("django_celery_beat_periodictask_changelist"))
        assert [task.name for task in page.context["cl"].result_list] == ["b", "a"]
        assert "Periodic" not in page.content.decode()

    def test_locking_a_person_out_and_letting_them_in(self, console, teacher):
        self.act(console, "accounts_user", "lock_out", teacher)
        assert not User.objects.get(pk=teacher.pk).is_active
        self.act(console, "accounts_user", "let_in", teacher)
        assert User.objects.get(pk=teacher.pk).is_active
        assert AuditEntry.objects.filter(action__startswith="person.").count() == 2

    def test_nobody_locks_themselves_out(self, console, operator):
        self.act(console, "accounts_user", "lock_out", operator.user)
        assert User.objects.get(pk=operator.user.pk).is_active

    def test_setting_a_failed_workspace_up_again(self, console, alpha):
        Tenant.objects.filter(pk=alpha.pk).update(state=Tenant.State.FAILED)
        self.act(console, "tenants_tenant", "retry", alpha)
        alpha.refresh_from_db()
        assert alpha.state == Tenant.State.PROVISIONING


class TestCommands:
    def test_making_an_operator_prints_the_keys_once(self, db, capsys):
        call_command("operator", "create", "olga@toolboxai.example")
        out = capsys.readouterr().out
        password = re.search(r"Password\s+(\S+)", out)[1]
        assert "otpauth://totp/" in out
        assert User.objects.get(email="olga@toolboxai.example").check_password(password)
        assert AuditEntry.objects.filter(action="operator.created").exists()

    def test_making_one_again_renews_both(self, operator):
        again = operators.create(email=operator.user.email)
        assert again.otpauth_uri != operator.otpauth_uri
        assert OperatorDevice.objects.count() == 1

    def test_an_address_must_be_one(self, db):
        with pytest.raises(CommandError, match="not an e-mail address"):
            call_command("operator", "create", "olga")

    def test_the_present_code(self, operator, capsys):
        call_command("operator_code")
        code = capsys.readouterr().out.strip()
        assert OperatorDevice.objects.get().verify_token(code)

    def test_not_in_production(self, operator, settings):
        settings.TOOLBOXAI_ENV = "production"
        with pytest.raises(CommandError, match="production"):
            call_command("operator_code")

    def test_without_an_operator_it_says_so(self, db):
        with pytest.raises(CommandError, match="no such operator"):
            call_command("operator_code")
