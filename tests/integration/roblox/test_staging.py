"""An upload that goes on to staging: its scan and its deployment are a chain."""

from __future__ import annotations

import pytest

from apps.jobs.models import Failure, JobRun
from apps.jobs.services import replays
from apps.roblox.errors import EnvironmentNotReady
from apps.roblox.models import Deployment, Release
from apps.roblox.services import delivery, deployments, releases
from apps.tenants.errors import PermissionMissing
from tests.factories.jobs import work_off
from tests.factories.roblox import make_experience, make_release, place_file

DANGEROUS = "require(123456789)"


@pytest.fixture
def lab(roblox, in_alpha, owner):
    return make_experience(roblox, owner)


def upload(lab, by, source="print('hello')", version="1.0.0"):
    return releases.create(
        experience=lab, version=version, content=place_file(source), filename="lab.rbxlx", by=by,
        stage=True,
    )  # fmt: skip


def ended():
    parent = JobRun.objects.get(kind="chain")
    return parent.state, [member.state for member in parent.family]


def test_what_is_scanned_goes_to_staging(roblox, lab, owner):
    release = upload(lab, owner)
    work_off()
    deployment = Deployment.objects.get()
    assert (deployment.state, deployment.release) == ("succeeded", release)
    assert deployment.started_by == owner.email
    assert ended() == ("succeeded", ["succeeded", "succeeded"])
    assert roblox.place(deployment.environment.place_id)["live"]["number"] == 1


def test_what_the_scan_blocks_stays_and_nobody_is_alarmed(lab, owner):
    release = upload(lab, owner, DANGEROUS)
    work_off()
    release.refresh_from_db()
    assert release.state == Release.State.BLOCKED
    assert ended() == ("cancelled", ["succeeded", "cancelled"])
    assert "found something critical" in JobRun.objects.get(kind="chain").problem["detail"]
    assert not Deployment.objects.exists()
    assert not Failure.objects.exists()


def test_staging_that_is_taken_is_left_alone_until_it_runs_again(lab, owner):
    deployments.stage(release=make_release(lab, "0.9.0", owner), by=owner)
    upload(lab, owner)
    other = JobRun.objects.get(name="roblox.deploy")
    JobRun.objects.filter(pk=other.pk).update(state="succeeded", finished_at=other.created_at)
    work_off()
    assert ended() == ("cancelled", ["succeeded", "cancelled"])
    Deployment.objects.update(state="failed", finished_at=other.created_at)
    replays.replay(run=JobRun.objects.get(kind="chain"), by=owner)
    work_off()
    assert ended() == ("succeeded", ["succeeded", "succeeded"])


def test_a_deployment_that_fails_fails_the_chain(lab, owner, monkeypatch):
    def lose(_):
        raise RuntimeError("lost")

    monkeypatch.setitem(delivery.ACTIONS, "verify", lose)
    upload(lab, owner)
    work_off()
    assert Deployment.objects.get().state == "failed"
    assert ended() == ("failed", ["succeeded", "failed"])


def test_staging_that_is_not_set_up_refuses_the_upload(lab, owner):
    lab.environments.filter(kind="staging").update(place_id=None)
    with pytest.raises(EnvironmentNotReady):
        upload(lab, owner)
    assert not Release.objects.exists()


def test_whoever_may_not_deploy_uploads_without(lab, student):
    with pytest.raises(PermissionMissing):
        upload(lab, student)
