"""A new workspace's first steps: done anywhere, skipped, left and taken up again."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from apps.audit.models import AuditEntry
from apps.core.errors import Invalid, NotFound
from apps.roblox.services import experiences
from apps.tenants.errors import PermissionMissing
from apps.tenants.models import Invitation, Membership, Onboarding
from apps.tenants.permissions import OWNER
from apps.tenants.services import configuration, onboarding, tenants
from tests.factories.accounts import UserFactory
from tests.factories.tenants import invite

LOOK = {"version": "0", "accent": "#0a7d5a", "mark": "case"}


@pytest.fixture
def begun(alpha, owner):
    return onboarding.begin(tenant=alpha, by=owner)


def states(tenant):
    progress = onboarding.progress(tenant=tenant, can=OWNER)
    return {one["step"].name: one["state"] for one in progress.steps}


def text(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def test_a_founded_workspace_has_its_steps_before_it(db):
    founder = UserFactory()
    tenant = tenants.create_now(
        name="Tenney", slug="tenney", kind="school", by=founder, report=lambda *_: None
    )
    assert states(tenant) == {"branding": "", "invite": "", "first_experience": ""}
    assert Onboarding.objects.get(tenant=tenant).started_by == founder


def test_doing_it_elsewhere_counts(begun, alpha, owner):
    configuration.change(tenant=alpha, by=owner, accent="#0a7d5a")
    invite(alpha, owner)
    with alpha:
        experiences.create(name="Volcano", universe_id=7, by=owner)
    assert states(alpha) == dict.fromkeys(("branding", "invite", "first_experience"), "done")
    begun.refresh_from_db()
    assert begun.closed_at is not None
    assert begun.steps["first_experience"]["by"] == owner.email


def test_another_setting_is_not_the_branding(begun, alpha, owner):
    configuration.change(tenant=alpha, by=owner, locale="en-gb")
    assert states(alpha)["branding"] == ""


def test_an_older_workspace_is_left_in_peace(alpha, owner, browse):
    invite(alpha, owner)
    assert not Onboarding.objects.exists()
    assert "First steps" not in text(browse(owner).get("/"))


def test_a_skipped_step_can_be_done_later(begun, alpha, owner):
    onboarding.skip(tenant=alpha, step="branding", by=owner)
    assert states(alpha)["branding"] == "skipped"
    onboarding.brand(tenant=alpha, accent="", mark="case", by=owner, base=0)
    assert states(alpha)["branding"] == "done"


def test_a_done_step_is_not_skipped(begun, alpha, owner):
    onboarding.brand(tenant=alpha, accent="", mark="case", by=owner, base=0)
    onboarding.skip(tenant=alpha, step="branding", by=owner)
    assert states(alpha)["branding"] == "done"


def test_who_did_what_is_on_record(begun, alpha, owner):
    onboarding.skip(tenant=alpha, step="invite", by=owner)
    entry = AuditEntry.objects.get(action="onboarding.skipped")
    assert (entry.object_label, entry.actor_label) == ("invite", owner.email)


def test_there_are_only_the_steps_there_are(begun, alpha, owner):
    with pytest.raises(NotFound):
        onboarding.skip(tenant=alpha, step="juggle", by=owner)


@pytest.mark.parametrize("deed", [onboarding.close, onboarding.reopen])
def test_teachers_and_strangers_decide_nothing(begun, alpha, teacher, outsider, deed):
    for person in (teacher, outsider):
        with pytest.raises(PermissionMissing):
            deed(tenant=alpha, by=person)


def test_everybody_sees_the_steps_that_are_theirs(begun, alpha):
    progress = onboarding.progress(tenant=alpha, can={"members.invite"})
    assert [one["step"].name for one in progress.steps] == ["invite"]


class TestInviting:
    def send(self, alpha, owner, text):
        return onboarding.invite(tenant=alpha, text=text, role="teacher", by=owner)

    def test_a_pasted_list(self, begun, alpha, owner):
        pasted = (
            "Ada Lovelace <ada@school.example>, bob@school.example;\n"
            "carol@school.example dave@school.example\n\nADA@school.example"
        )
        done = self.send(alpha, owner, pasted)
        assert done.sent == [f"{n}@school.example" for n in ("ada", "bob", "carol", "dave")]
        assert Invitation.objects.filter(tenant=alpha).count() == 4

    def test_a_bad_address_holds_up_no_other(self, begun, alpha, owner, teacher):
        invite(alpha, owner, "known@school.example")
        done = self.send(
            alpha, owner, f"good@x.example nonsense known@school.example {teacher.email}"
        )
        assert done.sent == ["good@x.example"]
        assert [address for address, _ in done.refused] == [
            "nonsense", "known@school.example", teacher.email,
        ]  # fmt: skip

    @pytest.mark.parametrize(
        "text", ["", " ,; \n", "a@b.example " + " ".join(f"p{n}@b.example" for n in range(100))]
    )
    def test_none_or_too_many(self, alpha, owner, text):
        with pytest.raises(Invalid):
            self.send(alpha, owner, text)
        assert not Invitation.objects.exists()

    def test_it_takes_the_permission(self, alpha, teacher):
        with pytest.raises(PermissionMissing):
            self.send(alpha, teacher, "ada@school.example")


class TestPages:
    def test_the_whole_way(self, begun, browse, owner, alpha):
        client = browse(owner)
        assert "Welcome to Alpha" in text(client.get("/welcome/"))
        assert client.post("/welcome/branding/", LOOK).url == "/welcome/invite/"
        sent = {"emails": "ada@school.example", "role": "teacher"}
        assert client.post("/welcome/invite/", sent).url == "/welcome/"
        assert client.post("/welcome/first_experience/skip/").url == "/"
        assert "First steps" not in text(client.get("/"))

    def test_the_home_page_offers_to_go_on(self, begun, browse, owner):
        client = browse(owner)
        client.post("/welcome/branding/skip/")
        page = text(client.get("/"))
        assert "1 of 3 settled" in page
        assert "Invite your colleagues" in page

    def test_put_away_and_taken_up_again(self, begun, browse, owner):
        client = browse(owner)
        client.post("/welcome/close/")
        assert "1 of 3" not in text(client.get("/"))
        client.post("/welcome/reopen/")
        assert "0 of 3 settled" in text(client.get("/"))

    def test_teachers_are_not_bothered(self, begun, browse, teacher):
        assert "First steps" not in text(browse(teacher).get("/"))

    def test_refused_addresses_stay_in_the_form(self, begun, browse, owner, teacher):
        sent = {"emails": f"ada@school.example, oops, {teacher.email}", "role": "teacher"}
        answer = browse(owner).post("/welcome/invite/", sent)
        page = text(answer)
        assert answer.status_code == 422
        assert "One invitation is on the way to ada@school.example." in page
        assert f"> oops {teacher.email}</textarea>" in page
        assert "Enter a valid e-mail address." in page

    def test_a_wrong_colour_stays_on_the_step(self, begun, browse, owner):
        answer = browse(owner).post("/welcome/branding/", {**LOOK, "accent": "red"})
        assert answer.status_code == 422
        assert "Write a colour as #rrggbb." in text(answer)

    def test_two_people_at_the_colour(self, begun, browse, owner, alpha):
        configuration.change(tenant=alpha, by=owner, accent="#112233")
        answer = browse(owner).post("/welcome/branding/", LOOK)
        assert answer.status_code == 409
        assert "now <strong>#112233</strong>, yours <strong>#0a7d5a</strong>" in text(answer)


class TestWayIn:
    def founded(self, slug="tenney"):
        founder = UserFactory()
        tenants.create_now(
            name="Tenney", slug=slug, kind="school", by=founder, report=lambda *_: None
        )
        return founder

    def test_the_founder_comes_to_the_first_steps(self, browse):
        founder = self.founded()
        answer = browse(founder, tenant=None).get("/workspaces/tenney/enter/")
        assert parse_qs(urlsplit(answer.url).query)["next"] == ["/welcome/"]

    def test_others_and_later_visits_come_to_the_home_page(self, browse):
        founder = self.founded()
        tenant = Membership.objects.get(user=founder).tenant
        onboarding.skip(tenant=tenant, step="invite", by=founder)
        answer = browse(founder, tenant=None).get("/workspaces/tenney/enter/")
        assert "next" not in answer.url

    @pytest.mark.parametrize(
        "onward", ["//evil.example/", "https://evil.example/", "/\\evil.example"]
    )
    def test_the_way_in_leads_nowhere_else(self, browse, owner, alpha, onward):
        answer = browse(owner).get("/enter/", {"ticket": "used", "next": onward})
        assert answer.url == "/"
