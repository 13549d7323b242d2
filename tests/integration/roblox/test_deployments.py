from __future__ import annotations

import pytest

from apps.audit.models import AuditEntry
from apps.core.errors import Conflict
from apps.roblox.errors import (
    DeploymentRunning,
    EnvironmentNotReady,
    NothingToRollBackTo,
    NotOnStaging,
    ReleaseNotDeployable,
)
from apps.roblox.models import Release
from apps.roblox.services import deployments, experiences, releases
from apps.tenants.errors import PermissionMissing
from tests.factories.roblox import carry_out, make_experience, make_release


@pytest.fixture
def lab(roblox, in_alpha, owner):
    return make_experience(roblox, owner)


@pytest.fixture
def release(lab, owner):
    return make_release(lab, "1.0.0", owner)


def test_stage_promote_and_roll_back(roblox, lab, owner):
    first = make_release(lab, "1.0.0", owner)
    second = make_release(lab, "1.1.0", owner)
    production = lab.environments.get(kind="production")
    for release in (first, second):
        assert carry_out(deployments.stage(release=release, by=owner)).state == "succeeded"
        promoted = carry_out(deployments.promote(release=release, by=owner))
        assert promoted.state == "succeeded"
    back = carry_out(deployments.roll_back(environment=production, by=owner))
    assert back.state == "succeeded"
    assert back.release == first
    place = roblox.place(production.place_id)
    assert place["live"]["number"] == back.roblox_version == 3
    assert place["live"]["sha256"] == first.artifact.sha256


def test_the_same_bytes_go_to_production(roblox, lab, release, owner):
    carry_out(deployments.stage(release=release, by=owner))
    carry_out(deployments.promote(release=release, by=owner))
    live = {roblox.place(e.place_id)["live"]["sha256"] for e in lab.environments.all()}
    assert live == {release.artifact.sha256}


def test_every_action_writes_an_audit_row(release, owner):
    carry_out(deployments.stage(release=release, by=owner))
    actions = list(AuditEntry.objects.order_by("sequence").values_list("action", flat=True))
    assert actions[-2:] == ["deployment.deploy_started", "deployment.succeeded"]
    assert "release.created" in actions
    assert "environment.configured" in actions


def test_promotion_needs_staging_first(release, owner):
    with pytest.raises(NotOnStaging, match="nothing is deployed"):
        deployments.promote(release=release, by=owner)


def test_rollback_needs_something_to_go_back_to(lab, release, owner):
    production = lab.environments.get(kind="production")
    with pytest.raises(NothingToRollBackTo):
        deployments.roll_back(environment=production, by=owner)
    with pytest.raises(NothingToRollBackTo, match=r"1\.0\.0 never ran"):
        deployments.roll_back(environment=production, to=release, by=owner)


def test_one_deployment_an_environment_at_a_time(release, owner):
    deployments.stage(release=release, by=owner)
    with pytest.raises(DeploymentRunning):
        deployments.stage(release=release, by=owner)


def test_a_blocked_release_is_not_deployed(lab, owner):
    blocked = make_release(lab, "2.0.0", owner, source="require(1234567890)")
    assert blocked.state == "blocked"
    with pytest.raises(ReleaseNotDeployable, match="critical"):
        deployments.stage(release=blocked, by=owner)


def test_an_environment_without_key_is_not_ready(in_alpha, release, owner):
    bare = experiences.create(name="Bare", universe_id=77, by=owner)
    other = make_release(bare, "1.0.0", owner)
    with pytest.raises(EnvironmentNotReady):
        deployments.stage(release=other, by=owner)


def test_a_teacher_stages_but_does_not_promote(release, teacher, owner):
    carry_out(deployments.stage(release=release, by=teacher))
    with pytest.raises(PermissionMissing):
        deployments.promote(release=release, by=teacher)


def test_an_outsider_does_nothing(release, outsider):
    with pytest.raises(PermissionMissing):
        deployments.stage(release=release, by=outsider)


def test_a_release_on_its_way_is_not_withdrawn(release, owner):
    deployments.stage(release=release, by=owner)
    with pytest.raises(Conflict, match="being deployed"):
        releases.withdraw(release=release, by=owner)


def test_a_scan_that_ends_late_brings_no_withdrawn_release_back(release, owner):
    being_scanned = Release.objects.get(pk=release.pk)
    releases.withdraw(release=release, by=owner)
    assert releases.examine(release=being_scanned).state == "withdrawn"
    releases.fail_scan(release=being_scanned, problem={})
    release.refresh_from_db()
    assert release.state == "withdrawn"
