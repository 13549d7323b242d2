"""Suspending, closing and keeping a workspace, and what its pages, API and jobs then do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from time_machine import travel

from apps.audit.models import AuditEntry
from apps.core.errors import Invalid
from apps.gateway import endpoints
from apps.mail.models import Message
from apps.tenants.access import Operator, allowed_while_suspended, require_open
from apps.tenants.errors import (
    ConfirmationMissing,
    NotInThisState,
    PermissionMissing,
    WorkspaceClosed,
    WorkspaceSuspended,
)
from apps.tenants.models import Tenant
from apps.tenants.permissions import DECLARED
from apps.tenants.services import lifecycle, memberships, tickets
from tests.factories.gateway import make_key
from tests.factories.jobs import work_off


@pytest.fixture
def suspended(alpha):
    return lifecycle.suspend(tenant=alpha, reason="The invoice is unpaid", by=None)


@pytest.fixture
def closing(alpha, owner):
    return lifecycle.delete(tenant=alpha, confirmation="alpha", by=owner, reason="Moved away")


def mails(mailoutbox):
    work_off()
    return [(mail.to[0], mail.subject) for mail in mailoutbox]


class TestSuspended:
    def test_it_says_who_when_and_why(self, suspended):
        assert suspended.state == "suspended"
        assert suspended.suspension_reason == "The invoice is unpaid."
        assert (suspended.suspended_by, suspended.suspended_at) != ("", None)
        assert AuditEntry.objects.get(action="workspace.suspended").data["reason"]

    def test_a_reason_is_wanted(self, alpha):
        with pytest.raises(Invalid):
            lifecycle.suspend(tenant=alpha, reason="  ", by=None)

    def test_owners_cannot_suspend_or_resume(self, alpha, owner):
        with pytest.raises(PermissionMissing):
            lifecycle.suspend(tenant=alpha, reason="Holidays", by=owner)
        with pytest.raises(PermissionMissing):
            lifecycle.resume(tenant=alpha, by=owner)

    def test_it_is_suspended_once(self, suspended):
        with pytest.raises(NotInThisState):
            lifecycle.suspend(tenant=suspended, reason="Again", by=None)

    def test_pages_can_be_read_and_say_so(self, suspended, browse, teacher):
        page = browse(teacher).get("/").content.decode()
        assert "The invoice is unpaid." in page

    def test_nothing_can_be_changed(self, suspended, browse, owner):
        answer = browse(owner).post("/members/invite/", {"email": "x@y.example", "role": "teacher"})
        assert answer.status_code == 423
        assert "workspace_suspended" in answer.content.decode()

    def test_a_page_that_shows_and_makes_still_shows(self, suspended, browse, owner):
        client = browse(owner)
        wish = {"name": "CI", "scopes": ["releases.view"], "days": "30"}
        assert client.get("/api-keys/").status_code == 200
        assert client.post("/api-keys/new/", wish).status_code == 423

    def test_people_still_come_in_and_leave(self, suspended, browse, owner, teacher):
        assert "/enter/" in tickets.issue(tenant=suspended, by=teacher)
        assert browse(teacher).post("/members/leave/").status_code == 302
        assert not suspended.memberships.filter(user=teacher).exists()

    def test_the_api_reads_and_refuses(self, suspended, browse, owner):
        make = browse(owner).post
        assert browse(owner).get("/api/v1/experiences/").status_code == 200
        wish = {"name": "Lab", "universe_id": 1}
        answer = make("/api/v1/experiences/", wish, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (423, "workspace_suspended")

    def test_a_service_refuses_whoever_asks_it(self, suspended, owner, teacher):
        place = suspended.memberships.get(user=teacher)
        with pytest.raises(WorkspaceSuspended):
            memberships.change_role(membership=place, role="admin", by=owner)

    def test_an_operator_is_not_held_up(self, suspended, teacher, admin):
        admin.is_staff = True
        place = suspended.memberships.get(user=teacher)
        changed = memberships.change_role(membership=place, role="admin", by=Operator(admin))
        assert changed.role == "admin"

    def test_owners_get_a_mail(self, alpha, owner, teacher, mailoutbox):
        lifecycle.suspend(tenant=alpha, reason="The invoice is unpaid", by=None)
        lifecycle.resume(tenant=alpha, by=None)
        assert mails(mailoutbox) == [
            (owner.email, "Alpha is suspended"),
            (owner.email, "Alpha is open again"),
        ]

    def test_resuming_opens_it_again(self, suspended, browse, owner):
        lifecycle.resume(tenant=suspended, by=None)
        answer = browse(owner).post("/settings/", {"name": "Alpha", "time_zone": "UTC"})
        assert answer.status_code in {302, 422}

    def test_its_owner_may_still_close_it(self, suspended, owner):
        closed = lifecycle.delete(tenant=suspended, confirmation="alpha", by=owner)
        assert lifecycle.keep(tenant=closed, by=owner).state == "suspended"


class TestClosing:
    def test_it_waits_for_thirty_days(self, closing):
        assert closing.state == "deleting"
        assert closing.purge_at - timezone.now() > timedelta(days=29, hours=23)

    @pytest.mark.parametrize("typed", ["", "beta", "alphaa"])
    def test_the_address_must_be_typed(self, alpha, owner, typed):
        with pytest.raises(ConfirmationMissing):
            lifecycle.delete(tenant=alpha, confirmation=typed, by=owner)

    def test_the_whole_address_is_taken_too(self, alpha, owner):
        closed = lifecycle.delete(tenant=alpha, confirmation=f" {alpha.own_host} ", by=owner)
        assert closed.state == "deleting"

    @pytest.mark.parametrize("who", ["admin", "teacher", "outsider"])
    def test_only_owners_close_or_keep(self, alpha, closing, request, who):
        person = request.getfixturevalue(who)
        for deed in (lifecycle.keep, lambda **about: lifecycle.delete(confirmation="a", **about)):
            with pytest.raises(PermissionMissing):
                deed(tenant=alpha, by=person)

    def test_owners_do_not_choose_the_grace_time(self, alpha, owner):
        with pytest.raises(PermissionMissing):
            lifecycle.delete(tenant=alpha, confirmation="alpha", by=owner, grace_days=0)

    def test_it_is_closed_for_everybody(self, closing, browse, owner):
        for path in ("/", "/members/", "/accounts/login/"):
            answer = browse(owner).get(path)
            assert answer.status_code == 410
            assert "Keep it" in answer.content.decode()
            assert "no-store" in answer["Cache-Control"]

    def test_programs_are_told_until_when(self, alpha, owner, browse):
        _, secret = make_key(alpha, scopes=["experiences.view"])
        lifecycle.delete(tenant=alpha, confirmation="alpha", by=owner)
        headers = {"authorization": f"Bearer {secret}"}
        problem = browse(None).get("/api/v1/experiences/", headers=headers).json()
        assert problem["code"] == "workspace_closed"
        assert problem["purge_at"] > timezone.now().isoformat()

    def test_jobs_hear_of_it(self, closing):
        with pytest.raises(WorkspaceClosed):
            require_open(tenant=closing)

    def test_no_ticket_opens_it(self, closing, owner):
        with pytest.raises(Exception, match="to be deleted"):
            tickets.issue(tenant=closing, by=owner)

    def test_keeping_it_makes_it_what_it_was(self, closing, owner, browse):
        kept = lifecycle.keep(tenant=closing, by=owner)
        assert (kept.state, kept.purge_at, kept.deletion_asked_by) == ("active", None, "")
        assert browse(owner).get("/members/").status_code == 200

    def test_an_owner_keeps_it_from_the_list_of_workspaces(self, closing, owner, browse):
        client = browse(owner, tenant=None)
        assert "Keep it" in client.get("/workspaces/").content.decode()
        answer = client.post("/workspaces/alpha/keep/")
        assert answer.status_code == 302
        assert Tenant.objects.get(slug="alpha").state == "active"

    def test_others_do_not(self, closing, teacher, outsider, browse):
        assert "Keep it" not in browse(teacher, tenant=None).get("/workspaces/").content.decode()
        for person, status in ((teacher, 403), (outsider, 404)):
            answer = browse(person, tenant=None).post("/workspaces/alpha/keep/")
            assert answer.status_code == status

    def test_owners_get_mails(self, closing, owner, teacher, mailoutbox):
        lifecycle.keep(tenant=closing, by=owner)
        assert mails(mailoutbox) == [
            (owner.email, "Alpha will be deleted"),
            (owner.email, "Alpha stays"),
        ]

    def test_mails_say_times_as_the_workspace_does(self, alpha, owner):
        Tenant.objects.update(time_zone="Asia/Tokyo")
        with travel("2026-06-10T20:00:00Z"):
            lifecycle.delete(tenant=alpha, confirmation="alpha", by=owner)
        text = Message.objects.get(template="mail/deletion_asked").text
        assert "11 July 2026, 05:00 JST" in text

    def test_they_are_warned_once_before_the_last_day(self, closing, owner, mailoutbox):
        assert lifecycle.warn_of_last_day() == 0
        Tenant.objects.filter(pk=closing.pk).update(
            deletion_asked_at=timezone.now() - timedelta(days=29),
            purge_at=timezone.now() + timedelta(hours=23),
        )
        assert [lifecycle.warn_of_last_day() for _ in range(2)] == [1, 0]
        assert mails(mailoutbox)[-1] == (owner.email, "Last day to keep Alpha")

    def test_whoever_asked_for_a_day_needs_no_reminder(self, alpha):
        lifecycle.delete(tenant=alpha, confirmation="alpha", by=None, grace_days=1)
        assert lifecycle.warn_of_last_day() == 0


class TestPages:
    def test_the_page_says_what_happens(self, browse, owner):
        page = browse(owner).get(reverse("settings_closing", urlconf="config.urls_workspace"))
        assert "30 days" in page.content.decode()

    def test_deleting_leads_to_the_list_of_workspaces(self, browse, owner, alpha, settings):
        answer = browse(owner).post("/settings/closing/delete/", {"confirmation": "alpha"})
        assert answer.url == f"{settings.PUBLIC_URL}/workspaces/"
        alpha.refresh_from_db()
        assert alpha.state == "deleting"

    def test_a_wrong_address_deletes_nothing(self, browse, owner, alpha):
        answer = browse(owner).post("/settings/closing/delete/", {"confirmation": "beta"})
        assert answer.status_code == 422
        assert "Type alpha" in answer.content.decode()
        alpha.refresh_from_db()
        assert alpha.state == "active"


CHANGING = [
    one.address
    for one in endpoints.every()
    if one.host == "workspace"
    and not one.is_api
    and one.needs.get("post") in DECLARED
    and not allowed_while_suspended(one.needs["post"])
]


def test_no_page_changes_anything_while_it_is_suspended(suspended, browse, owner):
    client = browse(owner)
    answers = {url: client.post(url).status_code for url in CHANGING}
    assert {url: code for url, code in answers.items() if code not in {423, 405}} == {}


def test_there_are_such_pages():
    assert {"/members/invite/", "/settings/closing/rename/"} <= set(CHANGING)
