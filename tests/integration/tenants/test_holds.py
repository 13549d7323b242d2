"""What a workspace that is not paid for still does, and that paying lifts this and nothing else."""

from __future__ import annotations

import pytest

from apps.audit.models import AuditEntry
from apps.gateway import endpoints
from apps.mail.models import Message
from apps.realtime import credentials
from apps.realtime.services import realtime_apps
from apps.tenants.access import Operator, allowed_while_suspended, require_open, require_writable
from apps.tenants.errors import NotInThisState, WorkspaceReadOnly, WorkspaceSuspended
from apps.tenants.models import Tenant
from apps.tenants.permissions import DECLARED
from apps.tenants.services import holds, lifecycle, memberships
from tests.factories.gateway import make_key
from tests.integration.realtime.wire import call

REASON = "A payment is overdue."


@pytest.fixture
def unpaid(alpha):
    assert holds.make_read_only(tenant=alpha, reason=REASON)
    return Tenant.objects.get(pk=alpha.pk)


class TestReadOnly:
    def test_everybody_reads_that_it_is_so(self, unpaid, browse, teacher, owner):
        for person in (teacher, owner):
            page = browse(person).get("/")
            assert page.status_code == 200
            assert "This workspace is read-only" in page.content.decode()

    def test_no_page_changes_anything(self, unpaid, browse, owner):
        client = browse(owner)
        changing = [
            one.address
            for one in endpoints.every()
            if one.host == "workspace"
            and not one.is_api
            and one.needs.get("post") in DECLARED
            and not allowed_while_suspended(one.needs["post"])
        ]
        assert "/members/invite/" in changing
        answers = {url: client.post(url).status_code for url in changing}
        assert {url: code for url, code in answers.items() if code not in {423, 405}} == {}

    def test_the_refusal_says_where_to_pay(self, unpaid, browse, owner):
        page = browse(owner).post("/members/invite/", {"email": "x@y.example", "role": "teacher"})
        assert REASON in page.content.decode()
        _, secret = make_key(unpaid, scopes=["experiences.view", "experiences.create"])
        client, headers = browse(None), {"authorization": f"Bearer {secret}"}
        assert client.get("/api/v1/experiences/", headers=headers).status_code == 200
        problem = client.post(
            "/api/v1/experiences/",
            {"name": "Lab", "universe_id": 5},
            content_type="application/json",
            headers=headers,
        ).json()
        assert (problem["status"], problem["code"]) == (423, "workspace_read_only")
        assert problem["billing_url"] == f"{unpaid.url}/settings/billing/"

    def test_services_and_jobs_hear_of_it_and_pupils_still_come_in(self, unpaid, owner, teacher):
        place = unpaid.memberships.get(user=teacher)
        with pytest.raises(WorkspaceReadOnly):
            memberships.change_role(membership=place, role="admin", by=owner)
        with pytest.raises(WorkspaceReadOnly):
            require_writable(tenant=unpaid)
        require_open(tenant=unpaid)  # what signing in by pictures and badges asks

    def test_an_operator_is_not_held_up(self, unpaid, teacher, operator):
        place = unpaid.memberships.get(user=teacher)
        changed = memberships.change_role(membership=place, role="admin", by=Operator(operator))
        assert changed.role == "admin"

    def test_its_realtime_apps_are_heard_and_publish_nothing(self, alpha):
        app = realtime_apps.create(tenant=alpha, name="Arena", by=None)
        holds.make_read_only(tenant=alpha, reason=REASON)
        found = credentials.find(app.key)
        assert (found.is_enabled, found.is_read_only) == (True, True)
        path = f"/apps/{app.app_id}"
        event = {"name": "n", "data": "{}", "channels": ["c"]}
        assert call(app, "POST", f"{path}/events", **event).status_code == 423
        assert call(app, "GET", f"{path}/channels").status_code == 200

    def test_it_is_done_once_and_undone_once(self, unpaid, browse, owner):
        assert not holds.make_read_only(tenant=unpaid, reason="Again.")
        assert [holds.make_writable(tenant=unpaid) for _ in range(2)] == [True, False]
        require_writable(tenant=unpaid)
        actions = AuditEntry.objects.filter(action__startswith="workspace.")
        assert list(actions.order_by("id").values_list("action", flat=True)) == [
            "workspace.read_only", "workspace.writable",
        ]  # fmt: skip


class TestSuspension:
    @pytest.fixture
    def suspended(self, unpaid):
        assert holds.suspend(tenant=unpaid, reason=REASON)
        return Tenant.objects.get(pk=unpaid.pk)

    def test_it_is_a_suspension_without_the_operators_mail(self, suspended, owner):
        with pytest.raises(WorkspaceSuspended, match=REASON):
            require_open(tenant=suspended)
        assert not Message.objects.filter(template="mail/workspace_suspended").exists()

    def test_paying_ends_it_and_what_came_before(self, suspended):
        assert [holds.resume(tenant=suspended) for _ in range(2)] == [True, False]
        assert holds.make_writable(tenant=suspended)
        suspended.refresh_from_db()
        assert (suspended.state, suspended.suspended_at, suspended.suspension_reason) == (
            "active", None, "",
        )  # fmt: skip

    def test_what_operators_suspended_is_theirs(self, alpha):
        lifecycle.suspend(tenant=alpha, reason="Spam", by=None)
        assert not holds.suspend(tenant=alpha, reason=REASON)
        assert not holds.resume(tenant=alpha)
        alpha.refresh_from_db()
        assert (alpha.state, alpha.suspension_reason) == ("suspended", "Spam.")

    def test_operators_take_it_over(self, suspended):
        lifecycle.suspend(tenant=suspended, reason="Spam", by=None)
        with pytest.raises(NotInThisState):
            lifecycle.suspend(tenant=suspended, reason="Again", by=None)
        assert not holds.resume(tenant=suspended)
        suspended.refresh_from_db()
        assert suspended.suspension_reason == "Spam."

    def test_one_that_is_to_be_deleted_meanwhile_comes_back_open(self, suspended, owner):
        lifecycle.delete(tenant=suspended, confirmation="alpha", by=owner)
        assert holds.resume(tenant=suspended)
        assert lifecycle.keep(tenant=suspended, by=owner).state == "active"

    def test_one_that_is_closed_is_left_alone(self, alpha, owner):
        lifecycle.delete(tenant=alpha, confirmation="alpha", by=owner)
        assert not holds.suspend(tenant=alpha, reason=REASON)
        Tenant.objects.filter(pk=alpha.pk).update(state="purging")
        assert not holds.make_read_only(tenant=alpha, reason=REASON)
