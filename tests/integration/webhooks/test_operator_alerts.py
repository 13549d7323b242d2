"""The operators' own server is told what their mail says."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from standardwebhooks import Webhook

from apps.core.errors import Conflict
from apps.jobs import signals
from apps.jobs.models import JobRun
from apps.jobs.services import failures, outcomes, runs
from apps.jobs.services.failures import Alert
from apps.jobs.services.schedules import Standing
from apps.jobs.task import run_now
from apps.webhooks import signatures
from apps.webhooks.services import operator_alerts
from tests.factories.jobs import work_off
from tests.fixtures.receivers import Answer

TASK = operator_alerts.TASK


@pytest.fixture
def secrets(db, settings, receiver):
    """Two of them, of which the first is the newer; the address is the receiver's."""
    settings.OPERATOR_WEBHOOK_URL = receiver.url
    settings.OPERATOR_WEBHOOK_SECRETS = [signatures.new_secret(), signatures.new_secret()]
    return settings.OPERATOR_WEBHOOK_SECRETS


@pytest.fixture
def fail(django_capture_on_commit_callbacks):
    def act(name="jobs.nothing", times=1):
        with django_capture_on_commit_callbacks(execute=True):
            for _ in range(times):
                run = runs.request(name=name, arguments={}, by=None, schema_name="w_alpha")
                outcomes.fail(run=runs.claim(run_id=str(run.pk)), error=Conflict("no"))
            failures.watch()
        return run

    return act


def alerts():
    return JobRun.objects.filter(name=TASK).order_by("created_at")


def test_the_first_of_its_kind_arrives_signed_by_every_secret(secrets, fail, receiver):
    run = fail()
    work_off()
    (call,) = receiver.received
    for secret in secrets:
        body = Webhook(secret).verify(call.body, call.headers)
    assert body["type"] == "jobs.failing"
    data = body["data"]
    assert (data["reason"], data["task"], data["code"]) == ("new", "jobs.nothing", "conflict")
    assert data["url"].endswith(f"/operator/jobs/jobrun/{run.pk}/change/")


def test_many_at_once_arrive_as_a_rate(secrets, fail, receiver):
    fail(times=5)
    work_off()
    bodies = [Webhook(secrets[0]).verify(c.body, c.headers)["data"] for c in receiver.received]
    assert [body["reason"] for body in bodies] == ["new", "rate"]
    assert (bodies[1]["failed"], bodies[1]["ended"]) == (5, 5)


def test_late_schedules_arrive(secrets, receiver):
    late = Standing(PeriodicTask(name="jobs.watch"), None, None, "late", "late: beat is away")
    signals.schedules_late.send(sender=PeriodicTask, late=[late])
    work_off()
    body = Webhook(secrets[0]).verify(receiver.received[0].body, receiver.received[0].headers)
    assert body["data"]["schedules"] == [{"name": "jobs.watch", "standing": "late: beat is away"}]


def test_what_is_not_taken_is_sent_again_under_the_same_name(secrets, fail, receiver):
    receiver.says(Answer(404), Answer(200))
    fail()
    (run,) = alerts()
    run_now(run)
    run.refresh_from_db()
    assert (run.state, run.problem["code"]) == ("queued", "operator_webhook_not_taken")
    alerts().update(due_at=timezone.now())
    run_now(run)
    run.refresh_from_db()
    assert (run.state, run.result) == ("succeeded", {"delivered": True, "status": 200})
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


@pytest.mark.parametrize("answer", [None, 410])
def test_where_it_makes_no_sense_it_is_not_sent_again(secrets, fail, receiver, settings, answer):
    """A private address, or one that says that it is gone; and that is no alert of its own."""
    if answer:
        receiver.says(Answer(answer))
    else:
        settings.OUTGOING_NETWORKS_ALLOWED = []
    fail()
    (run,) = alerts()
    run_now(run)
    run.refresh_from_db()
    assert (run.state, len(receiver.received)) == ("failed", 1 if answer else 0)
    assert alerts().count() == 1


def test_its_own_failure_is_told_by_mail_only(secrets, receiver):
    signals.failures_told.send(
        sender=None, alert=Alert("new", TASK, "address_refused", 1, 1, "", "")
    )
    assert not alerts().exists()


def test_without_an_address_nothing_is_sent(db, fail):
    fail()
    assert not alerts().exists()
    with pytest.raises(CommandError, match="Set OPERATOR_WEBHOOK_URL"):
        call_command("operator_webhook", "--test")


def test_the_command_tries_it_and_makes_secrets(secrets, receiver, capsys):
    call_command("operator_webhook", "--test")
    assert "Taken, with 200." in capsys.readouterr().out
    assert Webhook(secrets[1]).verify(receiver.received[0].body, receiver.received[0].headers)
    receiver.says(Answer(500))
    with pytest.raises(CommandError, match="500"):
        call_command("operator_webhook", "--test")
    call_command("operator_webhook", "--secret")
    assert capsys.readouterr().out.startswith("whsec_")
