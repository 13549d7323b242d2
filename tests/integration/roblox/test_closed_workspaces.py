"""What a suspended or closed workspace still does with Roblox."""

from __future__ import annotations

import pytest

from apps.roblox.services import deployments
from apps.tenants.errors import WorkspaceSuspended
from apps.tenants.models import Tenant
from apps.tenants.services import holds, lifecycle
from tests.factories.roblox import carry_out, make_experience, make_release
from tests.integration.roblox.test_delivery import PUBLISH, due_now, versions


@pytest.fixture
def release(roblox, in_alpha, owner):
    return make_release(make_experience(roblox, owner), "1.0.0", owner)


@pytest.fixture
def deployment(release, owner):
    return deployments.stage(release=release, by=owner)


def close(alpha, owner):
    lifecycle.delete(tenant=alpha, confirmation="alpha", by=owner)


def suspend(alpha, _owner):
    lifecycle.suspend(tenant=alpha, reason="Unpaid", by=None)


def leave_unpaid(alpha, _owner):
    holds.make_read_only(tenant=alpha, reason="Unpaid.")


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (suspend, "workspace_suspended"),
        (leave_unpaid, "workspace_read_only"),
        (close, "workspace_closed"),
    ],
)
def test_a_deployment_that_waits_ends_with_the_reason(roblox, deployment, alpha, owner, end, code):
    end(alpha, owner)
    ended = carry_out(deployment)
    assert (ended.state, ended.error["code"]) == ("failed", code)
    assert versions(roblox, deployment) == 0


def test_one_that_was_put_off_sends_nothing_later(roblox, deployment, alpha, owner):
    roblox.faults(PUBLISH, kind="status", status=500, times=1)
    carry_out(deployment)
    suspend(alpha, owner)
    due_now(deployment)
    assert carry_out(deployment).error["code"] == "workspace_suspended"
    assert versions(roblox, deployment) == 0


def test_no_new_one_begins(release, alpha, owner):
    suspend(alpha, owner)
    with pytest.raises(WorkspaceSuspended, match="Unpaid"):
        deployments.stage(release=release, by=owner)


def test_after_the_suspension_it_goes_on(roblox, release, alpha, owner):
    suspend(alpha, owner)
    lifecycle.resume(tenant=Tenant.objects.get(pk=alpha.pk), by=None)
    assert carry_out(deployments.stage(release=release, by=owner)).state == "succeeded"
