"""What a plan has beside its limits, and what stays of it after a change to a smaller one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from time_machine import travel

from apps.scim.services import tokens
from apps.sso.models import Connection
from apps.sso.services import connections
from apps.tenants.services import domains, roles
from apps.usage.errors import UpgradeNeeded
from apps.usage.models import WorkspacePlan
from apps.usage.plans import FEATURES, PLANS
from apps.usage.services import entitlements, plan_changes

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(alpha):
    """`plan("free")`: Alpha has that plan, and nothing of one before."""

    def choose(slug):
        WorkspacePlan.objects.filter(tenant=alpha).update(
            plan=slug, former="", former_until=None, seats=0
        )
        return alpha

    return choose


def role(alpha, by):
    permissions = ["workspace.view"]
    return roles.create(
        tenant=alpha, name="Librarian", based_on="teacher", permissions=permissions, by=by
    )


def sign_in(alpha, by):
    return connections.configure(
        tenant=alpha, name="Entra", issuer="https://a.example", client_id="c", client_secret="s",
        email_domains=[], joins=False, default_role="teacher", by=by,
    )  # fmt: skip


def test_each_plan_has_what_those_before_it_have(plan):
    for slug, declared in PLANS.items():
        held = entitlements.of(plan(slug))
        assert {name for name, one in held.items() if one.included} == declared.features
    assert PLANS["district"].features == set(FEATURES)


def test_what_the_plan_has_not_is_refused_and_the_way_to_it_is_told(plan, owner):
    alpha = plan("free")
    deeds = {
        "custom_domains": lambda: domains.add(tenant=alpha, domain="learn.example", by=owner),
        "custom_roles": lambda: role(alpha, owner),
        "scim": lambda: tokens.create(tenant=alpha, name="Okta", by=owner),
        "sso": lambda: sign_in(alpha, owner),
    }
    for feature, deed in deeds.items():
        with pytest.raises(UpgradeNeeded) as refused:
            deed()
        smallest = "starter" if feature == "custom_domains" else "school"
        assert refused.value.extra == {
            "feature": feature,
            "plan": smallest,
            "upgrade_url": f"{alpha.url}/settings/billing/plan/",
        }
    plan("school")
    assert role(alpha, owner).name == "Librarian"


def test_after_a_smaller_plan_all_goes_on_for_two_weeks_and_then_what_is_there_stays(
    plan, owner, browse
):
    alpha = plan("school")
    made = role(alpha, owner)
    sign_in(alpha, owner)
    Connection.objects.update(tested_at=timezone.now())
    plan_changes.change(tenant=alpha, plan="starter", by=None)
    plan_changes.change(tenant=alpha, plan="free", by=None)  # down twice: the largest stays
    held = entitlements.of(alpha)
    assert all(one.usable and not one.included for one in held.values())
    assert "until" in held["custom_roles"].hint
    assert "Included for a little longer" in browse(owner).get("/settings/roles/").content.decode()
    with travel(timezone.now() + timedelta(days=15)):
        assert not entitlements.has("custom_roles", tenant=alpha)
        assert roles.change(role=made, by=owner, name="Archivist").name == "Archivist"
        connections.change(tenant=alpha, by=owner, name="Entra ID")  # nobody is locked out
        with pytest.raises(UpgradeNeeded):
            connections.set_required(tenant=alpha, required=True, by=owner)


def test_a_larger_plan_ends_the_time_of_grace(plan):
    alpha = plan("school")
    plan_changes.change(tenant=alpha, plan="free", by=None)
    plan_changes.change(tenant=alpha, plan="school", by=None)
    row = WorkspacePlan.objects.get(tenant=alpha)
    assert (row.former, row.former_until) == ("", None)


def test_a_school_has_what_its_district_has(district, school):
    WorkspacePlan.objects.filter(tenant=school).update(former_until=None, former="")
    assert entitlements.has("sso", tenant=school)
    WorkspacePlan.objects.filter(tenant=district).update(former="", plan="free")
    assert not entitlements.has("sso", tenant=school)


def test_pages_and_api_say_which_plan_has_it(plan, owner, browse):
    plan("free")
    browser = browse(owner)
    for path in ("/settings/roles/", "/settings/domains/", "/settings/sign-in/",
                 "/settings/provisioning/", "/deployments/staging/"):  # fmt: skip
        page = browser.get(path)
        assert "Part of the plan" in page.content.decode(), path
        assert "/settings/billing/plan/?plan=" in page.content.decode(), path
    found = browser.get("/api/v1/usage/").json()["features"]
    assert {one["feature"]: one["plan"] for one in found}["sso"] == "school"
    assert not any(one["usable"] for one in found)
    refused = browser.post(
        "/api/v1/roles/",
        {"name": "Librarian", "based_on": "teacher", "permissions": []},
        content_type="application/json",
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "upgrade_needed")
    assert refused.json()["plan"] == "school"
