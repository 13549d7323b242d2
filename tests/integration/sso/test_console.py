"""Operators: how customers' sign-ins fare, and the way in for owners who are locked out."""

from __future__ import annotations

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.urls import reverse

from apps.audit.models import AuditEntry
from apps.sso.models import Connection
from tests.factories.jobs import work_off
from tests.factories.sso import require, set_up
from tests.fixtures.oidc import CLIENT_SECRET

LIST = reverse("admin:sso_connection_changelist", urlconf="config.urls_public")


@pytest.fixture
def sso(alpha, owner, issuer):
    made = set_up(alpha, issuer, by=owner)
    require(alpha, by=owner)
    return made


def act(console, action, *rows, **fields):
    form = {"action": action, ACTION_CHECKBOX_NAME: [row.pk for row in rows], **fields}
    confirmed = {"confirmed": "yes"} if fields else {}
    return console.post(LIST, form | confirmed, follow=True).content.decode()


def test_they_see_how_it_fares_and_no_secret(console, sso, issuer):
    page = console.get(LIST).content.decode()
    assert issuer.url in page
    assert "works" in page
    detail = console.get(f"{LIST}{sso.pk}/change/").content.decode()
    assert issuer.url in detail
    assert CLIENT_SECRET not in page + detail
    assert issuer.url not in console.get(LIST, {"state": "failing"}).content.decode()


def test_a_trial_says_what_it_found(console, sso, issuer):
    assert "1 key found" in act(console, "try_discovery", sso)
    issuer.discovered = {"issuer": "https://other.example"}
    assert "https://other.example" in act(console, "try_discovery", sso)
    assert "issuer" in console.get(LIST, {"state": "failing"}).content.decode()


def test_the_requirement_is_lifted_for_a_reason(console, sso, alpha, owner, mailoutbox):
    assert "Why?" in act(console, "lift", sso)
    act(console, "lift", sso, reason=" ")
    alpha.refresh_from_db()
    assert alpha.sso_required
    assert "means of their own" in act(console, "lift", sso, reason="Ticket 7")
    alpha.refresh_from_db()
    assert not alpha.sso_required
    entries = AuditEntry.objects.filter(action="sso.lifted")
    assert {entry.schema_name for entry in entries} == {alpha.schema_name, "public"}
    assert {entry.data["reason"] for entry in entries} == {"Ticket 7"}
    work_off()
    told = [mail for mail in mailoutbox if "by their own means" in mail.subject]
    assert [mail.to for mail in told] == [[owner.email]]
    assert "Ticket 7" in told[0].body
    assert "already" in act(console, "lift", sso, reason="Once more")


def test_it_is_for_operators(browse, owner, sso):
    assert browse(owner, tenant=None).get(LIST).status_code == 302


def test_its_queries_are_constant(
    console, sso, beta, outsider, issuer, django_assert_max_num_queries
):
    console.get(LIST)
    with django_assert_max_num_queries(16):
        console.get(LIST)
    set_up(beta, issuer, by=outsider)
    with django_assert_max_num_queries(16):
        assert "Beta" in console.get(LIST).content.decode()
    assert Connection.objects.count() == 2
