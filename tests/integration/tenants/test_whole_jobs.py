"""Chains and groups as their customer sees them: one parent with its members."""

from __future__ import annotations

import pytest
from celery import shared_task
from django.test import Client

from apps.core.errors import Conflict
from apps.jobs.services import workflows
from apps.jobs.task import Job
from tests.factories.gateway import make_key
from tests.factories.jobs import work_off

pytestmark = pytest.mark.django_db
JOBS = "/api/v1/jobs/"
failing: set[str] = set()


def act(_task, run, *, what):
    if what in failing:
        raise Conflict("It is taken.")


def task(name, permission, **options):
    options = {"title": name.title(), "permission": permission, "repeats": True} | options
    return shared_task(base=Job, bind=True, name=f"tests.{name}", metered=False, **options)(act)


draw = task("draw", "releases.create", replayable=True)
hang = task("hang", "deployments.stage", replayable=True)
tidy = task("tidy", "", replayable=True)
once = task("once", "releases.create")


@pytest.fixture(autouse=True)
def _nothing_fails(in_alpha):
    failing.clear()


@pytest.fixture
def program(alpha):
    def make(*scopes):
        _, secret = make_key(alpha, scopes=["jobs.view", "jobs.manage", *scopes])
        host = {"SERVER_NAME": alpha.own_host}
        return Client(**host, headers={"authorization": f"Bearer {secret}"})

    return make


def chain(*members):
    signatures = [one.s(what=f"{one.name}{n}") for n, one in enumerate(members)]
    return workflows.chain(name="tests.all", title="Pictures", members=signatures, by=None)


def group(*members, then=None):
    signatures = [one.s(what=f"{one.name}{n}") for n, one in enumerate(members)]
    last = then.s(what="last") if then else None
    return workflows.group(
        name="tests.all", title="Pictures", members=signatures, then=last, by=None
    )


def test_the_parent_stands_with_its_members(program):
    client, parent = program(), chain(draw, hang)
    shown = client.get(f"{JOBS}{parent.pk}/").json()
    assert (shown["kind"], shown["title"], shown["parent"]) == ("chain", "Pictures", None)
    assert [(one["title"], one["stage"], one["state"]) for one in shown["members"]] == [
        ("Draw", 0, "queued"),
        ("Hang", 1, "pending"),
    ]
    assert {one["parent"] for one in shown["members"]} == {str(parent.pk)}


def test_lists_have_wholes_or_the_members_of_one(program, django_assert_max_num_queries):
    client, parent = program(), group(draw, hang, then=draw)
    draw.enqueue(by=None, what="alone")
    found = {
        query: client.get(f"{JOBS}?{query}").json()["results"]
        for query in ("whole=true", f"parent={parent.pk}", "kind=group", "kind=job&whole=true")
    }
    assert [len(rows) for rows in found.values()] == [2, 3, 1, 1]
    work_off()
    for _ in range(5):
        failing.update({"tests.draw0", "tests.hang1"})
        chain(draw, hang)
        group(draw, hang)
    work_off()
    with django_assert_max_num_queries(8):
        assert {row["replayable"] for row in client.get(JOBS).json()["results"]} == {True, False}


def test_who_may_begin_all_of_it_may_stop_all_of_it(program):
    parent = chain(draw, hang)
    refused = program("releases.create").post(f"{JOBS}{parent.pk}/cancel/")
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_missing")
    answer = program("releases.create", "deployments.stage").post(f"{JOBS}{parent.pk}/cancel/")
    assert answer.status_code == 202
    assert [one["state"] for one in answer.json()["members"]] == ["cancelled", "cancelled"]


def test_a_member_brings_those_after_it_along_and_takes_their_permissions(program):
    failing.add("tests.draw0")
    first, last = (chain(draw, hang).family[n] for n in (0, 1))
    work_off()
    last.refresh_from_db()
    assert not last.is_replayable
    client = program("releases.create")
    assert client.post(f"{JOBS}{first.pk}/replay/").status_code == 403
    early = program("releases.create", "deployments.stage").post(f"{JOBS}{last.pk}/replay/")
    assert "Draw comes before it and is failed" in early.json()["detail"]


def test_what_the_product_does_itself_is_nobodys_to_steer(program):
    parent = chain(draw, tidy)
    answer = program("releases.create").post(f"{JOBS}{parent.pk}/cancel/")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_cancellable")


def test_the_whole_goes_on_from_the_first_that_failed(program):
    failing.add("tests.hang1")
    parent = chain(draw, hang, draw)
    work_off()
    failing.clear()
    client = program("releases.create", "deployments.stage")
    assert client.get(f"{JOBS}{parent.pk}/").json()["replayable"]
    answer = client.post(f"{JOBS}{parent.pk}/replay/").json()
    assert [one["state"] for one in answer["members"]] == ["succeeded", "queued", "pending"]
    assert [run.name for run in work_off()] == ["tests.hang", "tests.draw"]
    assert client.get(f"{JOBS}{parent.pk}/").json()["progress"] == 100


def test_it_does_not_where_a_part_is_not_to_be_done_again(program):
    failing.add("tests.once1")
    parent = group(draw, once)
    work_off()
    client = program("releases.create")
    assert not client.get(f"{JOBS}{parent.pk}/").json()["replayable"]
    assert client.post(f"{JOBS}{parent.pk}/replay/").json()["code"] == "not_replayable"
    assert [run.is_replayable for run in parent.family] == [False, False]


class TestPages:
    def test_the_list_has_the_first_members_and_the_rest_behind_a_link(self, browse, owner):
        parent = group(*[draw] * 7)
        client = browse(owner)
        page = client.get("/jobs/").content.decode()
        assert page.count('class="main member"') == 6
        assert "All parts" in page
        assert len(client.get(f"/jobs/?parent={parent.pk}").context["page"]) == 7
        assert len(client.get(f"/jobs/?parent={parent.pk}&state=failed").context["page"]) == 0

    def test_the_whole_is_asked_about_and_run_again(self, browse, owner):
        failing.add("tests.draw0")
        parent = group(draw, hang)
        work_off()
        client, url = browse(owner), f"/jobs/{parent.pk}/"
        assert "Run what failed again?" in client.get(url).content.decode()
        assert "Run what failed again?" in client.get(f"{url}replay/").content.decode()
        failing.clear()
        shown = client.post(f"{url}replay/", follow=True).content.decode()
        assert "It is in the queue again." in shown
        assert "Cancel all of it?" in shown

    def test_without_a_members_permission_there_is_no_button(self, browse, owner):
        parent = chain(draw, tidy)
        assert "Cancel all" not in browse(owner).get(f"/jobs/{parent.pk}/").content.decode()

    def test_a_neighbours_whole_is_not_there(self, browse, owner, outsider, beta):
        with beta:
            parent = group(draw)
        assert browse(owner).get(f"/jobs/?parent={parent.pk}").status_code == 404
        assert browse(outsider).get(f"/jobs/?parent={parent.pk}").status_code == 403
