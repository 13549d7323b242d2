"""What the pages of a workspace do. Who may open which: tests/crawl/test_permission_matrix.py."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.jobs.models import JobRun
from apps.tenants.middleware import SESSION_WORKSPACE
from apps.tenants.models import Invitation, Membership
from apps.tenants.services import tickets
from tests.factories.accounts import PASSWORD
from tests.factories.gateway import make_key
from tests.factories.tenants import MembershipFactory, invite


def test_a_stranger_comes_back_after_signing_in(browse, teacher):
    client = browse(None)
    login = client.get("/members/").url
    assert login == "/accounts/login/?next=/members/"
    answer = client.post(login, {"login": teacher.email, "password": PASSWORD, "next": "/members/"})
    assert answer.status_code == 302


def test_a_fragment_of_a_signed_out_page_moves_the_whole_page(browse):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://alpha.localhost/jobs/?state=failed"}
    answer = browse(None).get("/jobs/fragment/", headers=headers)
    assert answer["HX-Redirect"] == "/accounts/login/?next=/jobs/%3Fstate%3Dfailed"


def test_a_page_of_a_person_stays_in_no_cache(browse, owner):
    assert "no-store" in browse(owner).get("/members/")["Cache-Control"]


def test_not_being_a_member_is_said_plainly(browse, outsider):
    answer = browse(outsider).get("/members/")
    assert "You are not a member of Alpha" in answer.content.decode()


class TestSessions:
    def test_a_session_of_one_workspace_opens_no_other(self, browse, owner, beta):
        MembershipFactory(user=owner, tenant=beta, role="owner")
        cookie = browse(owner).cookies["session"].value
        client = Client(SERVER_NAME=beta.host)
        client.cookies["session"] = cookie
        assert client.get("/members/").status_code == 302

    def test_a_session_of_the_public_host_opens_no_workspace(self, browse, owner, alpha):
        cookie = browse(owner, tenant=None).cookies["session"].value
        client = Client(SERVER_NAME=alpha.host)
        client.cookies["session"] = cookie
        assert client.get("/members/").status_code == 302

    def test_a_workspaces_session_opens_nothing_on_the_public_host(self, browse, owner):
        client = Client(SERVER_NAME="localhost")
        client.cookies["session"] = browse(owner).cookies["session"].value
        assert client.get("/workspaces/").status_code == 302

    def test_a_removed_member_is_out_at_once(self, browse, teacher):
        client = browse(teacher)
        assert client.get("/members/").status_code == 200
        Membership.objects.filter(user=teacher).delete()
        assert client.get("/members/").status_code == 403

    def test_a_locked_out_person_is_out_at_once(self, browse, teacher):
        client = browse(teacher)
        teacher.is_active = False
        teacher.save()
        assert client.get("/members/").status_code == 302


class TestEntering:
    def test_a_ticket_becomes_a_session_of_this_host(self, browse, alpha, teacher):
        url = tickets.issue(tenant=alpha, by=teacher).removeprefix(alpha.url)
        client = browse(None)
        assert client.get(url).url == "/"
        assert client.session[SESSION_WORKSPACE] == "w_alpha"
        assert client.get("/members/").status_code == 200

    def test_it_works_once(self, browse, alpha, teacher):
        url = tickets.issue(tenant=alpha, by=teacher).removeprefix(alpha.url)
        browse(None).get(url)
        assert browse(None).get(url).status_code == 403

    def test_going_back_to_a_used_one_does_no_harm(self, browse, alpha, teacher):
        url = tickets.issue(tenant=alpha, by=teacher).removeprefix(alpha.url)
        client = browse(None)
        client.get(url)
        assert client.get(url).url == "/"

    def test_it_is_not_passed_on(self, browse, alpha, teacher):
        url = tickets.issue(tenant=alpha, by=teacher).removeprefix(alpha.url)
        answer = browse(None).get(url)
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer["Cache-Control"]


class TestMembers:
    def test_it_lists_people_and_invitations(self, browse, owner, teacher, alpha):
        invite(alpha, owner)
        page = browse(owner).get("/members/").content.decode()
        assert teacher.email in page
        assert "new@school.example" in page

    def test_teachers_see_no_controls(self, browse, teacher):
        page = browse(teacher).get("/members/").content.decode()
        assert "/members/invite/" not in page
        assert "/remove/" not in page

    def test_the_number_of_queries_does_not_grow(
        self, browse, owner, alpha, django_assert_max_num_queries
    ):
        client = browse(owner)
        client.get("/members/")
        MembershipFactory.create_batch(12, tenant=alpha)
        for n in range(5):
            invite(alpha, owner, f"n{n}@school.example")
        with django_assert_max_num_queries(10):
            client.get("/members/")

    def test_inviting(self, browse, admin):
        answer = browse(admin).post(
            "/members/invite/", {"email": "new@school.example", "role": "student"}
        )
        assert answer.url == "/members/"
        assert Invitation.objects.get().role == "student"

    def test_inviting_a_member_says_what_is_wrong(self, browse, admin, teacher):
        answer = browse(admin).post("/members/invite/", {"email": teacher.email, "role": "student"})
        assert answer.status_code == 422
        assert "is a member of Alpha already" in answer.content.decode()

    def test_an_admin_cannot_choose_owner(self, browse, admin):
        answer = browse(admin).post("/members/invite/", {"email": "x@y.example", "role": "owner"})
        assert answer.status_code == 422
        assert not Invitation.objects.exists()

    def test_resending_and_taking_back(self, browse, admin, alpha):
        invitation, client = invite(alpha, admin), browse(admin)
        before = invitation.token_hash
        client.post(reverse_here("invitation_resend", pk=invitation.pk))
        invitation.refresh_from_db()
        assert invitation.token_hash != before
        client.post(reverse_here("invitation_revoke", pk=invitation.pk))
        invitation.refresh_from_db()
        assert invitation.state == "revoked"

    def test_changing_a_role(self, browse, admin, teacher):
        pk = Membership.objects.get(user=teacher).pk
        browse(admin).post(reverse_here("member_role", pk=pk), {"role": "student"})
        assert Membership.objects.get(pk=pk).role == "student"

    def test_the_last_owner_stays_and_is_told_why(self, browse, owner):
        answer = browse(owner).post("/members/leave/")
        assert answer.status_code == 409
        assert "is the only owner" in answer.content.decode()

    def test_leaving_signs_out(self, browse, teacher, alpha):
        client = browse(teacher)
        assert client.post("/members/leave/").url == "http://localhost:8000/workspaces/"
        assert not alpha.memberships.filter(user=teacher).exists()
        assert client.get("/members/").status_code == 302

    def test_removing_and_leaving_ask_first(self, browse, owner, teacher, alpha):
        membership = alpha.memberships.get(user=teacher)
        url = reverse_here("member_remove", pk=membership.pk)
        client = browse(owner)
        asked = client.get(url).content.decode()
        assert f"Remove {teacher}?" in asked
        assert "Leave Alpha?" in browse(teacher).get("/members/leave/").content.decode()
        assert alpha.memberships.filter(user=teacher).exists()
        assert client.post(url).url == "/members/"
        assert not alpha.memberships.filter(user=teacher).exists()

    def test_a_neighbours_rows_are_not_there(self, browse, owner, beta, outsider):
        membership = Membership.objects.get(user=outsider)
        invitation = invite(beta, outsider)
        client = browse(owner)
        for url in (
            reverse_here("member_remove", pk=membership.pk),
            reverse_here("invitation_revoke", pk=invitation.pk),
        ):
            assert client.post(url).status_code == 404


class TestActivity:
    def make_runs(self, count, schema_name="w_alpha"):
        for _ in range(count):
            JobRun.objects.create(name="mail.send", schema_name=schema_name)

    def test_jobs_of_this_workspace_only(self, browse, teacher):
        self.make_runs(1, "w_beta")
        assert "No jobs" in browse(teacher).get("/jobs/").content.decode()

    def test_jobs_by_state(self, browse, teacher):
        self.make_runs(2)
        client = browse(teacher)
        assert len(client.get("/jobs/?state=queued").context["page"]) == 2
        assert len(client.get("/jobs/?state=failed").context["page"]) == 0

    def test_jobs_are_searched(self, browse, teacher):
        self.make_runs(2)
        JobRun.objects.create(
            name="roblox.deploy", schema_name="w_alpha", actor_label="kim@a.example"
        )
        client = browse(teacher)
        for words, found in (("A MAIL", 2), ("kim@", 1), ("roblox.deploy", 1), ("nobody", 0)):
            assert len(client.get("/jobs/", {"q": words}).context["page"]) == found
        page = client.get("/jobs/?q=nobody&state=failed").content.decode()
        assert "Nothing matches “nobody” in this state" in page
        assert "/jobs/?q=nobody&amp;state=running" in page

    def test_what_the_system_asks_for_says_so(self, browse, teacher):
        JobRun.objects.create(name="mail.send", schema_name="w_alpha", actor_label="system")
        client = browse(teacher)
        page = client.get("/jobs/").content.decode()
        assert 'data-label="For">The system</td>' in page
        [row] = client.get("/api/v1/jobs/").json()["results"]
        assert row["requested_by"] == ""

    def test_what_is_open_is_counted(self, browse, teacher):
        self.make_runs(2)
        tabs = {value: count for value, _, count in browse(teacher).get("/jobs/").context["tabs"]}
        assert (tabs["queued"], tabs["running"]) == (2, "")

    def test_why_and_when_one_is_tried_again(self, browse, teacher):
        due = timezone.now() + timedelta(hours=3)
        run = JobRun.objects.create(
            name="roblox.deploy", schema_name="w_alpha", due_at=due, attempts=1,
            problem={"code": "x", "title": "No answer", "detail": "Roblox answered 503."},
            message="Trying again in 10800 s: Roblox answered 503.",
        )  # fmt: skip
        page = browse(teacher).get(reverse_here("job", pk=run.pk)).content.decode()
        assert "Roblox answered 503. It is tried again by itself." in page
        assert "Next attempt" in page
        assert "10800 s" not in page

    def test_a_neighbours_job_is_not_there(self, browse, teacher):
        self.make_runs(1, "w_beta")
        url = reverse_here("job", pk=JobRun.objects.get().pk)
        assert browse(teacher).get(url).status_code == 404

    def test_a_job_and_its_fragment(self, browse, teacher):
        self.make_runs(1)
        pk, client = JobRun.objects.get().pk, browse(teacher)
        assert str(pk) in client.get(reverse_here("job", pk=pk)).content.decode()
        assert 'id="job"' in client.get(reverse_here("job_fragment", pk=pk)).content.decode()

    @pytest.mark.parametrize("url", ["/jobs/", "/audit/"])
    def test_the_number_of_queries_does_not_grow(
        self, browse, owner, alpha, url, django_assert_max_num_queries
    ):
        client = browse(owner)
        client.get(url)
        self.make_runs(20)
        for n in range(10):
            invite(alpha, owner, f"n{n}@school.example")
        with django_assert_max_num_queries(9):
            client.get(url)

    def test_the_audit_of_this_workspace_only(self, browse, owner, alpha, beta, outsider):
        invite(alpha, owner, "here@school.example")
        invite(beta, outsider, "there@school.example")
        page = browse(owner).get("/audit/").content.decode()
        assert "here@school.example" in page
        assert "there@school.example" not in page

    def test_the_audit_is_searched(self, browse, owner, alpha):
        invite(alpha, owner, "here@school.example")
        client = browse(owner)
        assert len(client.get("/audit/?q=here@").context["page"]) == 1
        assert len(client.get("/audit/?q=nothing").context["page"]) == 0


class TestSettings:
    form = {"name": "Alpha School"}

    def test_saving(self, browse, owner, alpha):
        assert browse(owner).post("/settings/", self.form).url == "/settings/"
        alpha.refresh_from_db()
        assert alpha.name == "Alpha School"
        assert AuditEntry.objects.filter(action="workspace.updated").exists()

    def test_the_new_name_shows_at_once(self, browse, owner, django_capture_on_commit_callbacks):
        client = browse(owner)
        client.get("/settings/")
        with django_capture_on_commit_callbacks(execute=True):
            client.post("/settings/", self.form)
        assert "Alpha School" in client.get("/settings/").content.decode()

    def test_no_name_is_refused(self, browse, owner):
        assert browse(owner).post("/settings/", {"name": ""}).status_code == 422


class TestApiKeys:
    form = {"name": "Build", "scopes": ["releases.view", "releases.create"], "days": "90"}

    def test_the_secret_is_shown_once(self, browse, admin):
        client = browse(admin)
        made = client.post("/api-keys/new/", self.form)
        assert made.status_code == 201
        secret = made.context["secret"]
        assert secret in made.content.decode()
        assert secret not in client.get("/api-keys/").content.decode()

    def test_revoking(self, browse, admin, alpha):
        key, _ = make_key(alpha)
        browse(admin).post(reverse_here("api_key_revoke", pk=key.pk))
        key.refresh_from_db()
        assert key.state == "revoked"

    def test_a_neighbours_key_is_not_there(self, browse, admin, beta):
        key, _ = make_key(beta)
        url = reverse_here("api_key_revoke", pk=key.pk)
        assert browse(admin).post(url).status_code == 404

    @pytest.mark.parametrize("wrong", [{"scopes": []}, {"name": ""}, {"scopes": ["members.view"]}])
    def test_nonsense_is_refused(self, browse, admin, wrong):
        assert browse(admin).post("/api-keys/new/", self.form | wrong).status_code == 422

    def test_the_number_of_queries_does_not_grow(
        self, browse, admin, alpha, django_assert_max_num_queries
    ):
        client = browse(admin)
        client.get("/api-keys/")
        for _ in range(10):
            make_key(alpha)
        with django_assert_max_num_queries(8):
            client.get("/api-keys/")


def reverse_here(name, **kwargs):
    return reverse(name, urlconf="config.urls_workspace", kwargs=kwargs)


def test_a_null_character_finds_what_the_rest_finds(browse, owner):
    assert browse(owner).get("/audit/?q=%00").status_code == 200
