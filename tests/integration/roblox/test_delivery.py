"""What goes wrong at Roblox and here, and that nothing is ever published twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.jobs.models import JobRun
from apps.jobs.services import leases, outcomes, replays, runs
from apps.mail.models import Message
from apps.roblox.models import DeploymentStep
from apps.roblox.services import delivery, deployments
from tests.factories.roblox import carry_out, make_experience, make_release

PUBLISH = "POST /universes/v1/*"


@pytest.fixture
def lab(roblox, in_alpha, owner):
    return make_experience(roblox, owner)


@pytest.fixture
def deployment(lab, owner):
    return deployments.stage(release=make_release(lab, "1.0.0", owner), by=owner)


def due_now(deployment) -> JobRun:
    """Make the next attempt due, as time would."""
    JobRun.objects.filter(pk=deployment.run_id).update(due_at=timezone.now())
    DeploymentStep.objects.filter(deployment=deployment, name="publish").exclude(data={}).update(
        data={
            **deployment.steps.get(name="publish").data,
            "lost_at": (timezone.now() - timedelta(minutes=1)).isoformat(),
        }
    )
    return JobRun.objects.get(pk=deployment.run_id)


def step(deployment, name) -> DeploymentStep:
    return deployment.steps.get(name=name)


def versions(roblox, deployment) -> int:
    return len(roblox.place(deployment.environment.place_id)["versions"])


def test_a_500_is_tried_again(roblox, deployment):
    roblox.faults(PUBLISH, kind="status", status=500, times=1)
    assert carry_out(deployment).state == "running"
    assert "Trying again" in due_now(deployment).message
    assert carry_out(deployment).state == "succeeded"
    assert versions(roblox, deployment) == 1


def test_a_rate_limit_is_waited_for_as_long_as_roblox_says(roblox, deployment):
    roblox.faults(PUBLISH, kind="rate_limit", seconds=20, times=1)
    carry_out(deployment)
    run = JobRun.objects.get(pk=deployment.run_id)
    assert run.state == "queued"
    assert run.due_at > timezone.now() + timedelta(seconds=15)
    assert "limit" in step(deployment, "publish").detail


def test_an_answer_lost_after_the_upload_is_found_not_repeated(roblox, deployment):
    roblox.faults(PUBLISH, kind="drop", taken=True, times=1)
    assert carry_out(deployment).state == "running"
    due_now(deployment)
    done = carry_out(deployment)
    assert done.state == "succeeded"
    assert "found on Roblox" in step(done, "publish").detail
    assert versions(roblox, deployment) == done.roblox_version == 1


def test_a_request_lost_on_the_way_is_sent_again(roblox, deployment):
    roblox.faults(PUBLISH, kind="drop", taken=False, times=1)
    carry_out(deployment)
    due_now(deployment)
    assert carry_out(deployment).state == "succeeded"
    assert versions(roblox, deployment) == 1


def test_an_unclear_outcome_fails_and_says_so(roblox, in_alpha, owner):
    lab = make_experience(roblox, owner, scopes=["universe-places:write"])
    deployment = deployments.stage(release=make_release(lab, "1.0.0", owner), by=owner)
    roblox.faults(PUBLISH, kind="drop", taken=True, times=1)
    carry_out(deployment)
    due_now(deployment)
    done = carry_out(deployment)
    assert done.state == "failed"
    assert done.error["code"] == "publish_outcome_unclear"
    assert versions(roblox, deployment) == 1


def test_a_worker_killed_while_sending_resumes_without_a_second_upload(roblox, deployment):
    run = runs.claim(run_id=str(deployment.run_id))
    deployment.refresh_from_db()
    item = delivery.Delivery(deployment, step(deployment, "publish"), run)
    deployment.steps.filter(position__lt=2).update(state="succeeded")
    delivery.experiences.check_key(environment=deployment.environment)
    delivery._note_sending(item)
    item.cloud.publish_place(item.universe_id, item.place_id, *_content(deployment))
    JobRun.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=5))
    assert outcomes.rescue() >= 1
    done = carry_out(deployment)
    assert done.state == "succeeded"
    assert versions(roblox, deployment) == 1


def test_a_worker_without_its_lease_stops_its_own_upload(roblox, deployment, settings):
    run = runs.claim(run_id=str(deployment.run_id))
    deployment.refresh_from_db()
    delivery.experiences.check_key(environment=deployment.environment)
    settings.JOB_LEASE_SECONDS = 0.0
    item = delivery.Delivery(deployment, step(deployment, "publish"), run)
    with leases.lease(run), pytest.raises(runs.Outrun):
        delivery.publish(item)
    assert versions(roblox, deployment) == 0


def test_an_interrupted_upload_is_given_time_to_arrive(roblox, deployment):
    roblox.faults(PUBLISH, kind="drop", taken=False, times=1)
    carry_out(deployment)
    JobRun.objects.filter(pk=deployment.run_id).update(due_at=timezone.now())
    carry_out(deployment)
    assert "waiting to see" in step(deployment, "publish").detail
    assert len([r for r in roblox.requests() if "versions" in r["path"]]) >= 1
    assert versions(roblox, deployment) == 0


def test_a_revoked_key_fails_at_once_and_marks_the_environment(roblox, deployment):
    roblox.revoke_key(deployment.environment.api_key)
    done = carry_out(deployment)
    assert done.state == "failed"
    assert done.error["code"] == "roblox_key_refused"
    deployment.environment.refresh_from_db()
    assert deployment.environment.key_state == "refused"


def test_an_open_team_create_session_is_waited_for(roblox, deployment):
    roblox.team_create(deployment.environment.place_id)
    assert carry_out(deployment).state == "running"
    assert "Team Create" in step(deployment, "publish").detail
    roblox.team_create(deployment.environment.place_id, opened=False)
    due_now(deployment)
    assert carry_out(deployment).state == "succeeded"


def test_with_roblox_down_the_job_retries_until_its_end(roblox, deployment, settings):
    settings.ROBLOX_API_URL = "http://127.0.0.1:9"
    JobRun.objects.filter(pk=deployment.run_id).update(max_attempts=2)
    assert carry_out(deployment).state == "running"
    due_now(deployment)
    done = carry_out(deployment)
    assert done.state == "failed"
    assert done.error["code"] in {"roblox_down", "vendor_paused"}


def test_servers_that_do_not_restart_do_not_undo_the_release(roblox, deployment):
    roblox.faults("POST /cloud/v2/*restartServers*", kind="status", status=403, times=5)
    done = carry_out(deployment)
    assert done.state == "succeeded"
    assert step(done, "restart").state == "skipped"


def test_a_job_lost_for_good_ends_the_deployment(deployment):
    run = runs.claim(run_id=str(deployment.run_id))
    JobRun.objects.filter(pk=run.pk).update(
        heartbeat_at=timezone.now() - timedelta(minutes=5), attempts=8
    )
    outcomes.rescue()
    deployment.refresh_from_db()
    assert deployment.state == "failed"
    assert deployment.error["code"] == "worker_lost"


def test_the_job_of_a_failed_deployment_run_again_says_that_it_ended(roblox, deployment):
    roblox.revoke_key(deployment.environment.api_key)
    carry_out(deployment)
    replays.replay(run=JobRun.objects.get(pk=deployment.run_id), by=None)
    assert carry_out(deployment).error["code"] == "roblox_key_refused"
    run = JobRun.objects.get(pk=deployment.run_id)
    assert (run.state, run.problem["code"]) == ("failed", "deployment_ended")


def _content(deployment):
    from apps.media.services import blobs

    artifact = deployment.release.artifact
    return blobs.read(blob=artifact.blob), artifact.format


@pytest.mark.parametrize(("fails", "template"), [(False, "deployed"), (True, "failed")])
def test_whoever_started_it_gets_a_mail_once(roblox, deployment, owner, fails, template):
    if fails:
        roblox.revoke_key(deployment.environment.api_key)
    carry_out(deployment)
    message = Message.objects.get(template__startswith="mail/release_")
    assert (message.template, message.to) == (f"mail/release_{template}", owner.email)
    assert message.schema_name == "w_alpha"
