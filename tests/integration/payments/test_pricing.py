"""The page of prices, and the way from it into a workspace."""

from urllib.parse import parse_qs, urlsplit

import pytest

from apps.payments import catalogue
from apps.tenants.models import Onboarding, Tenant
from apps.usage.plans import FEATURES, PLANS
from tests.factories.tenants import MembershipFactory

pytestmark = pytest.mark.django_db
WANTED = {"plan": "school", "interval": "year"}


def test_the_page_says_what_is_declared(browse, django_assert_num_queries):
    with django_assert_num_queries(0):
        page = browse(None, tenant=None).get("/pricing/")
    text = page.content.decode()
    for priced in catalogue.PRICED.values():
        assert f"€{priced.amounts['month'] // 100:,}<" in text
        assert f"€{priced.amounts['year'] // 100:,}<" in text
        assert f"plan%3D{priced.plan.slug}%26interval%3Dyear" in text
    for feature in FEATURES.values():
        assert feature.label in text
    assert "€1 per 1,000 mails" in text
    assert "30 days" in text
    landing = browse(None, tenant=None).get("/").content.decode()
    assert all(plan.text in landing for plan in PLANS.values())


def test_who_owns_one_workspace_comes_to_its_billing(browse, owner, alpha):
    answer = browse(owner, tenant=None).get("/pricing/start/", WANTED)
    way = urlsplit(answer["Location"])
    assert way.hostname == alpha.host
    assert parse_qs(way.query)["next"] == ["/settings/billing/plan/?plan=school&interval=year"]


def test_who_owns_several_chooses_and_nobody_comes_to_anothers(browse, owner, alpha, beta, teacher):
    MembershipFactory(user=owner, tenant=beta, role="owner")
    browser = browse(owner, tenant=None)
    page = browser.get("/pricing/start/", WANTED).content.decode()
    assert alpha.name in page
    assert beta.name in page
    way = browser.get("/pricing/start/", {**WANTED, "workspace": beta.slug})["Location"]
    assert urlsplit(way).hostname == beta.host
    stranger = browse(teacher, tenant=None)
    assert stranger.get("/pricing/start/", WANTED)["Location"].startswith("/workspaces/new/?")
    MembershipFactory(user=teacher, tenant=beta, role="owner")
    refused = stranger.get("/pricing/start/", {**WANTED, "workspace": alpha.slug})
    assert refused.status_code == 404


def test_who_owns_none_comes_to_the_plan_once_there_is_a_workspace(browse, teacher, beta):
    browser = browse(teacher, tenant=None)
    assert browser.get("/pricing/start/", WANTED, follow=True).status_code == 200
    browser.get("/workspaces/new/", {"next": "//elsewhere.example/"})  # is no page of ours
    MembershipFactory(user=teacher, tenant=beta, role="owner")
    Tenant.objects.filter(pk=beta.pk).update(created_by=teacher)
    Onboarding.objects.create(tenant=beta)
    ways = [browser.get(f"/workspaces/{beta.slug}/enter/")["Location"] for _ in range(2)]
    onward = [parse_qs(urlsplit(way).query)["next"] for way in ways]
    assert onward == [["/settings/billing/plan/?plan=school&interval=year"], ["/welcome/"]]


@pytest.mark.parametrize("wrong", [{}, {"plan": "free", "interval": "month"}, {"plan": "school"}])
def test_what_is_not_sold_leads_back_to_the_prices(browse, owner, wrong):
    answer = browse(owner, tenant=None).get("/pricing/start/", wrong)
    assert answer["Location"] == "/pricing/"
    assert "login" in browse(None, tenant=None).get("/pricing/start/", WANTED)["Location"]
