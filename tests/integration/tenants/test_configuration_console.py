"""The operator console: a workspace's configuration, its versions, and what operators change."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from django_otp import DEVICE_ID_SESSION_KEY

from apps.accounts.models import OperatorDevice
from apps.accounts.services import operators
from apps.tenants import configuration as reading
from apps.tenants.models import Tenant
from apps.tenants.services import configuration


@pytest.fixture
def console(db, browse):
    operator = operators.create(email="olga@toolboxai.example", password="a long password")
    client = browse(operator.user, tenant=None)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = OperatorDevice.objects.get().persistent_id
    session.save()
    return client


@pytest.fixture
def page(alpha):
    """The address of Alpha's configuration."""
    name = "admin:tenants_tenant_configure"
    return reverse(name, urlconf="config.urls_public", args=[alpha.pk])


def text(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def filled(**about):
    return {"version": "0", "feature_custom_domains": "on", "reason": "Agreed by phone", **about}


def test_a_limit_is_set_with_its_reason(console, page, alpha):
    assert console.post(page, filled(limit_members="40")).status_code == 302
    assert reading.of(Tenant.objects.get(pk=alpha.pk)).limits == {"members": 40}
    version = configuration.find(tenant=alpha, number=1)
    assert version.by_label == "operator olga@toolboxai.example"
    assert version.reason == "Agreed by phone"


def test_emptied_it_is_the_plans_again(console, page, alpha):
    console.post(page, filled(limit_members="40"))
    console.post(page, filled(limit_members="", version="1"))
    assert reading.of(Tenant.objects.get(pk=alpha.pk)).limits == {}


def test_a_feature_is_switched_off(console, page, alpha):
    console.post(page, {"version": "0", "reason": "No agreement"})
    assert not reading.of(Tenant.objects.get(pk=alpha.pk)).has("custom_domains")


@pytest.mark.parametrize("wrong", [{"reason": ""}, {"limit_members": "-1"}])
def test_what_is_wrong_is_told_and_nothing_changes(console, page, alpha, wrong):
    assert console.post(page, filled(limit_members="40") | wrong).status_code == 200
    assert not alpha.configuration_versions.exists()


def test_two_operators_at_one_limit(console, page, alpha):
    console.post(page, filled(limit_members="40"))
    answer = console.post(page, filled(limit_members="50"))
    assert "changed since you looked" in text(answer)


def test_the_settings_and_versions_are_shown(console, page, alpha, owner):
    configuration.change(tenant=alpha, by=owner, time_zone="Europe/Paris")
    assert "Europe/Paris" in text(console.get(page))
    overview = reverse("admin:tenants_tenant_change", urlconf="config.urls_public", args=[alpha.pk])
    shown = text(console.get(overview))
    assert "Time zone: UTC → Europe/Paris" in shown
    assert owner.email in shown
    assert page in shown


def test_others_stay_outside(browse, page, owner):
    assert browse(owner, tenant=None).get(page).status_code in {302, 403}
