"""An operator in as a member: who, for how long, what stays closed, and who hears of it."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import pytest
from django.contrib.auth import logout
from django.test import Client, RequestFactory
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.oath import totp

from apps.accounts.models import OperatorDevice
from apps.accounts.operator_sessions import STATE
from apps.audit.models import AuditEntry
from apps.core.errors import Invalid
from apps.impersonation.errors import CannotImpersonate
from apps.impersonation.middleware import ALLOWED, SESSION
from apps.impersonation.models import Impersonation
from apps.impersonation.services import impersonations
from apps.tenants.models import Membership
from apps.tenants.permissions import OWNER
from tests.factories.jobs import work_off
from tests.factories.tenants import make_member

WHY = "Ticket 4711"  # as `come_in` says


@pytest.fixture
def console(operator, browse):
    device = OperatorDevice.objects.create(user=operator, confirmed=True)
    client = browse(operator, tenant=None)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    session.save()
    return client


class TestStarting:
    @pytest.mark.parametrize("wrong", [{"reason": " "}, {"may_write": True}, {"reason": "x" * 501}])
    def test_it_is_asked_why(self, come_in, teacher, wrong):
        with pytest.raises(Invalid):
            come_in(teacher, **wrong)

    def test_only_operators(self, alpha, owner, teacher):
        membership = Membership.objects.get(user=teacher)
        with pytest.raises(CannotImpersonate):
            impersonations.start(membership=membership, by=owner, reason=WHY)

    def test_nobody_is_in_as_an_operator(self, alpha, come_in):
        colleague = make_member(alpha, "owner", user__is_staff=True)
        with pytest.raises(CannotImpersonate):
            come_in(colleague)

    def test_nor_as_somebody_who_is_locked_out(self, alpha, come_in):
        person = make_member(alpha, "teacher", suspended_at=timezone.now())
        with pytest.raises(CannotImpersonate):
            come_in(person)

    def test_both_sides_have_it_in_their_audit(self, come_in, teacher, operator):
        come_in(teacher)
        told = AuditEntry.objects.filter(action="impersonation.started")
        assert set(told.values_list("schema_name", "actor_label")) == {
            ("w_alpha", f"operator {operator.email}"), ("public", f"operator {operator.email}"),
        }  # fmt: skip
        assert told[0].data["reason"] == WHY

    def test_owners_get_a_mail(self, come_in, owner, teacher, mailoutbox):
        come_in(teacher)
        work_off()
        assert [mail.to for mail in mailoutbox] == [[owner.email]]
        assert WHY in mailoutbox[0].body

    def test_unless_it_is_switched_off(self, come_in, owner, teacher, mailoutbox, settings):
        settings.IMPERSONATION_TELLS_OWNERS = False
        come_in(teacher)
        work_off()
        assert mailoutbox == []


class TestTheTicket:
    def test_it_works_once_and_only_here(self, alpha, beta, operator, teacher):
        membership = Membership.objects.get(user=teacher)
        address = impersonations.start(membership=membership, by=operator, reason=WHY)
        path = address.removeprefix(alpha.own_url)
        assert Client(SERVER_NAME=beta.own_host).get(path).status_code == 403
        assert Client(SERVER_NAME=alpha.own_host).get(path).status_code == 302
        assert Client(SERVER_NAME=alpha.own_host).get(path).status_code == 403

    def test_it_is_good_for_a_minute(self, alpha, operator, teacher):
        membership = Membership.objects.get(user=teacher)
        address = impersonations.start(membership=membership, by=operator, reason=WHY)
        Impersonation.objects.update(created_at=timezone.now() - timedelta(seconds=61))
        path = address.removeprefix(alpha.own_url)
        assert Client(SERVER_NAME=alpha.own_host).get(path).status_code == 403


class TestBeingIn:
    def test_pages_are_the_members_and_say_so(self, come_in, teacher, operator):
        page = come_in(teacher).get("/members/").content.decode()
        assert f"{operator.email}, you are in as <strong>{teacher.email}</strong> to look" in page
        assert "/impersonation/end/" in page

    def test_and_reach_no_further_than_the_member(self, come_in, teacher):
        answer = come_in(teacher).get("/audit/")
        assert answer.status_code == 403
        assert "you are in as" in answer.content.decode()

    def test_looking_changes_nothing(self, come_in, owner):
        client = come_in(owner)
        answer = client.post("/settings/", {"name": "Mine"})
        assert answer.status_code == 403
        assert "looking_only" in answer.content.decode()
        problem = client.patch(
            "/api/v1/workspace/", json.dumps({"name": "Mine"}), "application/json"
        )
        assert (problem.status_code, problem.json()["code"]) == (403, "looking_only")

    def test_changing_is_possible_for_a_reason_and_written_down(
        self, come_in, owner, alpha, operator
    ):
        client = come_in(owner, may_write=True, write_reason="The name is broken")
        assert client.post("/settings/", {"name": "Alpha School"}).status_code == 302
        entry = AuditEntry.objects.get(action="workspace.updated")
        assert entry.actor_label == f"operator {operator.email} as {owner.email}"
        assert entry.actor_id == operator.pk

    @pytest.mark.parametrize(
        "path",
        [
            "/accounts/email/", "/accounts/password/change/", "/accounts/2fa/",
            "/accounts/sessions/", "/_allauth/browser/v1/auth/session", "/settings/exports/",
            "/settings/closing/", "/api/v1/exports/", "/api/v1/sessions/",
        ],
    )  # fmt: skip
    def test_what_is_the_persons_or_secret_is_closed(self, come_in, owner, path):
        client = come_in(owner, may_write=True, write_reason=WHY)
        answer = client.get(path)
        assert answer.status_code == 403
        assert "closed_to_operators" in answer.content.decode()

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/api-keys/new/", {"name": "Mine", "scopes": ["releases.view"]}),
            ("/members/leave/", {}),
            ("/api/v1/tokens/", {"email": "a@b.example", "password": "x"}),
            ("/settings/closing/delete/", {"confirmation": "alpha"}),
        ],
    )
    def test_no_key_and_no_token_is_made_and_nobody_leaves(self, come_in, owner, path, body):
        client = come_in(owner, may_write=True, write_reason=WHY)
        answer = client.post(path, json.dumps(body), "application/json")
        assert answer.status_code == 403
        assert "closed_to_operators" in answer.content.decode()

    def test_the_api_says_who_it_is(self, come_in, owner, operator):
        told = come_in(owner).get("/api/v1/me/").json()
        assert (told["person"]["email"], told["impersonated_by"]) == (owner.email, operator.email)
        assert set(told["permissions"]) == OWNER & ALLOWED

    def test_the_session_is_nobodys(self, come_in, owner):
        session = come_in(owner).session
        assert SESSION in session
        assert "_auth_user_id" not in session


class TestTheEnd:
    def test_it_is_ended_by_the_button(self, come_in, teacher):
        client = come_in(teacher)
        assert client.post("/impersonation/end/").url.endswith(
            "/operator/impersonation/impersonation/"
        )
        assert client.get("/members/").status_code == 302
        assert AuditEntry.objects.filter(action="impersonation.ended").count() == 2

    def test_signing_out_ends_it(self, come_in, teacher):
        client = come_in(teacher)
        client.post("/accounts/logout/")
        assert Impersonation.objects.get().ended_at is not None

    def test_time_ends_it(self, come_in, teacher):
        client = come_in(teacher)
        Impersonation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert "impersonation_over" in client.get("/members/").content.decode()
        assert client.get("/members/").status_code == 302

    def test_the_operators_own_sign_out_ends_it(self, come_in, teacher, operator, browse):
        client = come_in(teacher)
        request = RequestFactory().post("/")
        request.session, request.user = browse(operator, tenant=None).session, operator
        logout(request)
        assert client.get("/members/").status_code == 403

    @pytest.mark.parametrize("change", ["operator", "member", "left"])
    def test_it_ends_with_either_of_the_two(self, come_in, teacher, operator, change):
        client = come_in(teacher)
        if change == "left":
            Membership.objects.filter(user=teacher).delete()
        else:
            person = operator if change == "operator" else teacher
            person.is_active = False
            person.save()
        assert client.get("/members/").status_code == 403


class TestTheConsole:
    def test_the_form_asks_and_leads_in(self, console, alpha, teacher):
        membership = Membership.objects.get(user=teacher)
        url = f"/operator/impersonation/impersonation/start/{membership.pk}/"
        assert console.get(url).status_code == 200
        assert console.post(url, {"reason": "  "}).status_code == 200
        assert console.post(url, {"reason": WHY}).url.startswith(
            f"{alpha.own_url}/impersonation/enter/?ticket="
        )

    def test_a_code_given_long_ago_is_asked_for_again(self, console, alpha, teacher, operator):
        membership = Membership.objects.get(user=teacher)
        url = f"/operator/impersonation/impersonation/start/{membership.pk}/"
        console.get(url)
        session = console.session
        session[STATE] = {**session[STATE], "opened": time.time() - 3600}
        session.save()
        assert "One-time code" in console.get(url).content.decode()
        assert console.post(url, {"reason": WHY, "code": "000000"}).status_code == 200
        assert not Impersonation.objects.exists()
        device = OperatorDevice.objects.get(user=operator)
        device.throttle_reset()
        code = f"{totp(device.bin_key):06d}"
        assert console.post(url, {"reason": WHY, "code": code}).status_code == 302
        assert "One-time code" not in console.get(url).content.decode()

    def test_members_have_a_link_and_the_list_shows_what_was(self, console, come_in, teacher):
        come_in(teacher)
        page = console.get("/operator/tenants/membership/").content.decode()
        assert "Come in as" in page
        page = console.get("/operator/impersonation/impersonation/").content.decode()
        assert WHY in page

    def test_others_do_not_get_there(self, browse, owner, teacher):
        membership = Membership.objects.get(user=teacher)
        url = f"/operator/impersonation/impersonation/start/{membership.pk}/"
        assert browse(owner, tenant=None).get(url).status_code == 302
