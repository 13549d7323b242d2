"""Several experiences to staging at once: a group with a visible parent."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from apps.core.errors import Conflict, Invalid
from apps.jobs.models import JobRun
from apps.jobs.services import replays
from apps.mail.models import Message
from apps.roblox.errors import StagingRefused
from apps.roblox.models import Deployment, Environment
from apps.roblox.services import delivery, deployments, stagings
from apps.tenants.access import Operator
from apps.tenants.errors import PermissionMissing
from apps.tenants.services import configuration
from apps.usage.errors import LimitReached
from tests.factories.jobs import work_off
from tests.factories.roblox import make_experience, make_release

CHOICES = {"maze": "2.0.0", "lab": "1.0.0"}


@pytest.fixture
def places(roblox, in_alpha, owner):
    """Two experiences with a ready release each, one of them with two."""
    lab = make_experience(roblox, owner, name="Lab")
    maze = make_experience(roblox, owner, name="Maze")
    make_release(lab, "1.0.0", owner)
    make_release(maze, "1.0.0", owner)
    make_release(maze, "2.0.0", owner)
    return lab, maze


def ended(parent):
    parent.refresh_from_db()
    return parent.state, [member.state for member in parent.family]


def test_they_go_side_by_side_under_one_parent(roblox, places, owner):
    parent = stagings.begin(choices=CHOICES, by=owner)
    titles = [member.title for member in parent.family]
    assert (parent.title, titles) == (
        "Deploy 2 places to staging",
        ["Maze 2.0.0 to staging", "Lab 1.0.0 to staging"],
    )
    begun = stagings.deployments_of(parent)
    assert [(row.state, row.release.version) for row in begun] == [
        ("queued", "2.0.0"),
        ("queued", "1.0.0"),
    ]
    work_off()
    assert ended(parent) == ("succeeded", ["succeeded"] * 2)
    for place in Environment.objects.filter(kind="staging"):
        assert roblox.place(place.place_id)["live"]["number"] == 1


def subjects():
    return list(Message.objects.order_by("created_at").values_list("subject", flat=True))


def test_one_mail_tells_of_all_that_went_together(places, owner, monkeypatch, mailoutbox):
    real = delivery.ACTIONS["verify"]

    def refuse_lab(work):
        if work.release.experience.slug == "lab":
            raise Conflict("Lab is taken.")
        return real(work)

    monkeypatch.setitem(delivery.ACTIONS, "verify", refuse_lab)
    parent = stagings.begin(choices=CHOICES, by=owner)
    work_off()
    assert ended(parent)[0] == "failed"
    assert subjects() == ["1 of 2 places did not reach staging"]
    (mail,) = mailoutbox
    assert mail.to == [owner.email]
    for text in (f"/jobs/{parent.pk}/", "Maze 2.0.0: live", "Lab 1.0.0: Lab is taken."):
        assert text in mail.body
    monkeypatch.setitem(delivery.ACTIONS, "verify", real)
    replays.replay(run=parent, by=owner)
    work_off()
    assert subjects()[1:] == ["2 places are live in staging"]


def test_all_of_them_are_begun_or_none(places, owner):
    deployments.stage(release=places[0].releases.get(), by=owner)
    with pytest.raises(StagingRefused) as refusal:
        stagings.begin(choices=CHOICES, by=owner)
    assert list(refusal.value.extra["refused"]) == ["lab"]
    with pytest.raises(StagingRefused) as refusal:
        stagings.begin(choices=CHOICES | {"attic": "1.0.0", "maze": "9.9.9"}, by=owner)
    assert set(refusal.value.extra["refused"]) == {"attic", "maze"}
    assert (Deployment.objects.count(), JobRun.objects.filter(kind="group").count()) == (1, 0)


def test_it_takes_the_permission_and_some_choice(places, owner, student):
    with pytest.raises(PermissionMissing):
        stagings.begin(choices=CHOICES, by=student)
    with pytest.raises(Invalid):
        stagings.begin(choices={}, by=owner)


def test_what_the_plan_allows_holds_for_all_together(places, owner, alpha, operator):
    configuration.change(
        tenant=alpha, by=Operator(operator), limits={"deployments_month": 1}, reason="A trial"
    )
    with pytest.raises(LimitReached):
        stagings.begin(choices=CHOICES, by=owner)
    assert not Deployment.objects.exists()


def test_one_that_fails_leaves_the_others_and_goes_again(places, owner, monkeypatch):
    real = delivery.ACTIONS["verify"]

    def lose_lab(work):
        if work.release.experience.slug == "lab":
            raise RuntimeError("lost")
        return real(work)

    monkeypatch.setitem(delivery.ACTIONS, "verify", lose_lab)
    parent = stagings.begin(choices=CHOICES, by=owner)
    work_off()
    assert ended(parent) == ("failed", ["succeeded", "failed"])
    assert parent.problem["detail"].startswith("Lab 1.0.0 to staging: ")
    assert parent.is_replayable
    monkeypatch.setitem(delivery.ACTIONS, "verify", real)
    replays.replay(run=parent, by=owner)
    work_off()
    assert ended(parent) == ("succeeded", ["succeeded"] * 2)
    lab = Deployment.objects.filter(release__experience=places[0]).order_by("created_at")
    assert [row.state for row in lab] == ["failed", "succeeded"]
    assert [row.pk for row in stagings.deployments_of(parent)][1] == lab[1].pk


def test_what_is_lower_than_staging_runs_is_offered_but_not_proposed(places, owner):
    lab, maze = places
    for experience, version in ((lab, "1.0.0"), (maze, "2.0.0")):
        deployments.stage(release=experience.releases.get(version=version), by=owner)
    work_off()
    found = {one.experience.slug: one for one in stagings.candidates()}
    assert [r.version for r in found["maze"].releases] == ["1.0.0"]
    assert (found["maze"].is_offered, found["maze"].is_newer) == (True, False)
    assert not found["lab"].is_offered
    make_release(lab, "1.1.0", owner)
    found = {one.experience.slug: one for one in stagings.candidates()}
    assert found["lab"].is_newer


class TestPage:
    URL = "/deployments/staging/"

    def send(self, client, **choices):
        sent = {f"version-{slug}": version for slug, version in choices.items()}
        return client.post(self.URL, {"experience": list(choices), **sent}, follow=True)

    def test_it_offers_and_begins(self, places, browse, teacher):
        client = browse(teacher)
        page = client.get(self.URL).content.decode()
        assert page.index(">2.0.0<") < page.index(">1.0.0<", page.index("Maze"))
        shown = self.send(client, **CHOICES).content.decode()
        assert "Deploy 2 places to staging" in shown
        assert "Maze 2.0.0 to staging" in shown
        deployment = Deployment.objects.first()
        assert f'href="{deployment.get_absolute_url()}"' in shown
        assert "Deploy 2 places" in client.get(deployment.get_absolute_url()).content.decode()
        assert "A deployment to it is under way." in client.get(self.URL).content.decode()

    def test_it_says_at_each_what_is_wrong_and_keeps_what_was_ticked(self, places, browse, owner):
        client = browse(owner)
        deployments.stage(release=places[0].releases.get(), by=owner)
        answer = self.send(client, **CHOICES)
        assert answer.status_code == 409
        page = answer.content.decode()
        assert 'id="refused-lab"' in page
        assert page.count(" checked") == 2
        assert "Choose at least one" in self.send(client).content.decode()

    def test_the_number_of_queries_does_not_grow(
        self, places, roblox, browse, owner, django_assert_max_num_queries
    ):
        client = browse(owner)
        client.get(self.URL)
        for number in range(3):
            make_release(make_experience(roblox, owner, name=f"P{number}"), "1.0.0", owner)
        with django_assert_max_num_queries(14):
            client.get(self.URL)

    def test_others_may_not(self, places, browse, student, outsider):
        for person in (student, outsider):
            assert browse(person).get(self.URL).status_code == 403
            assert self.send(browse(person), **CHOICES).status_code == 403


class TestApi:
    URL = "/api/v1/deployments/staging/"

    def send(self, client, *pairs):
        chosen = [{"experience": slug, "version": version} for slug, version in pairs]
        return client.post(self.URL, {"releases": chosen}, content_type="application/json")

    def test_it_answers_with_the_group_and_its_deployments(self, places, browse, owner):
        answer = self.send(browse(owner), *CHOICES.items())
        assert answer.status_code == 202
        told = answer.json()
        assert (told["job"]["kind"], len(told["job"]["members"])) == ("group", 2)
        assert [row["experience"] for row in told["deployments"]] == ["maze", "lab"]

    def test_refusals(self, places, browse, owner, outsider):
        twice = self.send(browse(owner), ("lab", "1.0.0"), ("lab", "1.0.0"))
        assert twice.status_code == 422
        refused = self.send(browse(owner), ("lab", "1.0.0"), ("maze", "3.0.0"))
        assert (refused.status_code, refused.json()["code"]) == (409, "staging_refused")
        assert set(refused.json()["refused"]) == {"maze"}
        assert self.send(browse(outsider), ("lab", "1.0.0")).status_code == 403


def test_on_the_command_line(places, monkeypatch, capsys):
    monkeypatch.setattr("apps.roblox.management.commands.release.time.sleep", lambda _: work_off())
    pairs = [f"{slug}={version}" for slug, version in CHOICES.items()]
    call_command("release", "stage", "--workspace", "alpha", *pairs)
    assert "[+] Maze 2.0.0 to staging" in capsys.readouterr().out
    with pytest.raises(CommandError, match=r"lab: Lab has no release 7\.0\.0"):
        call_command("release", "stage", "--workspace", "alpha", "lab=7.0.0")
    with pytest.raises(CommandError, match="Name each experience once"):
        call_command("release", "stage", "--workspace", "alpha", "lab")
