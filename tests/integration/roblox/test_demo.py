from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from apps.classes.models import Pupil, SchoolClass
from apps.roblox.models import Deployment, Experience, Release
from apps.roblox.services import deployments, guide
from apps.tenants.models import Tenant
from apps.tenants.permissions import OWNER
from apps.usage.services import limits
from tests.factories.roblox import carry_out


@pytest.fixture
def seeded(db, roblox, settings):
    settings.DEMO_PASSWORD = settings.OPERATOR_PASSWORD = "open-sesame-please"
    call_command("seed_demo")
    with Tenant.objects.get(slug="lincoln") as tenant:
        yield tenant


def test_the_demo_is_ready_to_be_promoted(roblox, seeded):
    environments = {e.kind: e for e in Experience.objects.get().environments.all()}
    assert environments["staging"].live_deployment.release.version == "1.1.0"
    assert environments["production"].live_deployment.release.version == "1.0.0"
    assert roblox.place(environments["staging"].place_id)["live"]["number"] == 2
    assert not Release.objects.exclude(state="ready").exists()


def test_two_classes_with_eight_pupils_and_room_for_more(seeded):
    assert sorted(row.pupils.count() for row in SchoolClass.objects.all()) == [3, 5]
    assert Pupil.objects.count() == 8
    assert not limits.state("classes", tenant=seeded).level
    call_command("seed_demo")
    assert Pupil.objects.count() == 8


def test_seeding_again_changes_nothing(seeded):
    before = Deployment.objects.count()
    call_command("seed_demo")
    assert Deployment.objects.count() == before
    assert Experience.objects.count() == 1


def test_the_tour_is_ticked_by_what_really_happens(seeded):
    owner = seeded.memberships.get(role="owner").user
    lab = Experience.objects.get()
    assert [s.done for s in guide.progress(permissions=OWNER)] == [True] * 4 + [False] * 2
    second = lab.releases.get(version="1.1.0")
    carry_out(deployments.promote(release=second, by=owner))
    production = lab.environments.get(kind="production")
    carry_out(deployments.roll_back(environment=production, by=owner))
    assert guide.open_steps(permissions=OWNER) == []


def test_without_a_sandbox_nothing_is_seeded(db, settings):
    settings.DEMO_PASSWORD, settings.SANDBOX_URL = "x", ""
    with pytest.raises(CommandError, match="sandbox"):
        call_command("seed_demo")
    assert not Tenant.objects.filter(slug="lincoln").exists()
