"""Each event of the catalogue, brought about by the deed itself."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from apps.classes.services import classes
from apps.core.errors import Conflict
from apps.gateway.services import api_keys
from apps.jobs.services import outcomes, runs, workflows
from apps.roblox.services import deployments, releases
from apps.tenants.access import Operator
from apps.tenants.models import Domain
from apps.tenants.services import (
    addresses,
    configuration,
    domains,
    holds,
    invitations,
    lifecycle,
    memberships,
)
from apps.tenants.tasks import check_domain
from apps.transfers.services import exports
from apps.usage.services import warnings
from apps.webhooks import catalogue
from apps.webhooks.models import Endpoint, Event
from tests.factories.accounts import UserFactory
from tests.factories.classes import make_class
from tests.factories.gateway import make_key
from tests.factories.jobs import work_off
from tests.factories.roblox import carry_out, make_experience, make_release
from tests.factories.tenants import invite

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(alpha):
    """`told()`: the data of each event since it was last asked, by type."""
    Endpoint.objects.create(tenant=alpha, url="https://8.8.8.8/", events=["*"])

    def read():
        found = [json.loads(event.body) for event in Event.objects.order_by("id")]
        Event.objects.all().delete()
        for message in found:
            kind = catalogue.TYPES[message["type"]]
            assert kind.shape.model_validate(message["data"])
        return {message["type"]: message["data"] for message in found}

    return read


def test_people(alpha, owner, told):
    invitation = invite(alpha, owner, email="nina@school.example")
    assert told() == {
        "invitation.sent": {
            "id": str(invitation.pk), "to": "nina@school.example", "role": "teacher",
        }
    }  # fmt: skip
    nina = UserFactory(email="nina@school.example")
    membership = invitations.accept(invitation=invitation, by=nina)
    found = told()
    assert set(found) == {"member.joined", "invitation.accepted"}
    assert found["member.joined"]["member"] == "nina@school.example"
    memberships.change_role(membership=membership, role="student", by=owner)
    changed = told()["member.role_changed"]
    assert (changed["former_role"], changed["role"]) == ("teacher", "student")
    memberships.remove(membership=membership, by=owner)
    assert set(told()) == {"member.left"}
    invitations.revoke(invitation=invite(alpha, owner), by=owner)
    assert set(told()) == {"invitation.sent", "invitation.revoked"}


def test_keys(alpha, told):
    key, secret = make_key(alpha)
    api_keys.rotate(key=key, by=None, overlap=timedelta(0))
    api_keys.revoke(key=key, by=None)
    found = told()
    assert set(found) == {"api_key.created", "api_key.rotated", "api_key.revoked"}
    assert secret not in str(found)


def test_the_workspace(alpha, owner, told):
    configuration.change(tenant=alpha, by=owner, base=None, locale="en-gb")
    assert told() == {"configuration.changed": {"settings": ["locale"]}}
    lifecycle.suspend(tenant=alpha, reason="The invoice is unpaid.", by=None)
    lifecycle.resume(tenant=alpha, by=None)
    found = told()
    assert found["workspace.suspended"] == {"name": "Alpha", "reason": "The invoice is unpaid."}
    assert set(found) == {"workspace.suspended", "workspace.resumed"}
    holds.make_read_only(tenant=alpha, reason="A payment is overdue.")
    holds.make_writable(tenant=alpha)
    found = told()
    assert found["workspace.read_only"]["reason"] == "A payment is overdue."
    assert found["workspace.writable"]["name"] == "Alpha"


def test_classes(in_alpha, owner, told):
    made = make_class(owner)
    assert told() == {"class.created": {"id": str(made.pk), "name": "7B Science"}}
    classes.rename(school_class=made, name="8B Science", by=owner)
    classes.set_archived(school_class=made, archived=True, by=owner)
    found = told()
    assert set(found) == {"class.renamed", "class.archived"}
    assert found["class.renamed"]["name"] == "8B Science"


def test_releases_and_deployments(in_alpha, owner, told, roblox):
    experience = make_experience(roblox, owner)
    release = make_release(experience, "1.0.0", owner)
    found = told()
    assert set(found) == {"experience.created", "release.created", "release.scanned"}
    assert found["release.scanned"]["state"] == "ready"
    deployment = deployments.stage(release=release, by=owner)
    assert told()["deployment.started"]["environment"] == "staging"
    deployments.fail(deployment=deployment, problem={"code": "key_refused", "detail": "No."})
    assert told()["deployment.failed"]["problem"] == {"code": "key_refused", "detail": "No."}
    carry_out(deployments.stage(release=release, by=owner))
    finished = told()["deployment.finished"]
    assert (finished["state"], finished["release"]) == ("succeeded", release.version)
    assert finished["roblox_version"] > 0
    releases.withdraw(release=make_release(experience, "9.9.9", owner), by=owner)
    assert "release.withdrawn" in told()


def test_addresses(alpha, owner, told, name_server):
    wish = domains.add(tenant=alpha, domain="play.school.example", by=owner)
    name_server.publish(wish)
    domains.verify(domain=wish, by=owner)
    assert told() == {"domain.verified": {"domain": "play.school.example"}}
    name_server.records.clear()
    Domain.objects.filter(pk=wish.pk).update(missing_since=timezone.now() - timedelta(days=3))
    wish.refresh_from_db()
    domains.check(domain=wish)
    assert set(told()) == {"domain.switched_off"}
    addresses.rename(tenant=alpha, slug="alphabet", by=None)
    assert told()["workspace.renamed"] == {"before": "alpha", "after": "alphabet"}


def test_limits_and_exports(alpha, owner, told):
    operator = Operator(UserFactory(is_staff=True))
    tight = configuration.change(tenant=alpha, by=operator, limits={"members": 1}, reason="A trial")
    warnings.evaluate(tenant=tight)
    near = {"limit": "Members", "percent": 100, "used": 1, "most": 1}
    assert told()["limit.near"] == near
    export = exports.start(tenant=alpha, by=owner, with_media=False)
    work_off()
    assert told()["export.ready"]["id"] == str(export.pk)


def test_jobs_that_failed_for_good(alpha, told):
    for name in ("jobs.gone", "webhooks.deliver"):  # what sends webhooks does not tell of itself
        run = runs.request(name=name, arguments={}, by=None, schema_name="w_alpha")
        outcomes.fail(run=runs.claim(run_id=str(run.pk)), error=Conflict("It is taken."))
        found = told()
        assert set(found) == ({"job.failed"} if name == "jobs.gone" else set())
        if found:
            told_problem = found["job.failed"]["problem"]
            assert told_problem == {"code": "conflict", "detail": "It is taken."}


def test_a_group_of_jobs_is_told_of_once(alpha, told):
    members = [check_domain.s(domain_id=n) for n in range(3)]
    with alpha:
        parent = workflows.group(name="tests.all", title="All", members=members, by=None)
    for member in parent.family[1:]:
        outcomes.fail(run=runs.claim(run_id=str(member.pk)), error=Conflict("It is taken."))
    assert told() == {}
    outcomes.succeed(run=runs.claim(run_id=str(parent.family[0].pk)))
    (found,) = told().values()
    assert (found["id"], found["title"]) == (str(parent.pk), "All")
    assert [one["id"] for one in found["members"]] == [str(one.pk) for one in parent.family[1:]]


def test_the_tests_above_bring_about_every_event():
    """A new one has to be added to them: a deed that is renamed would silence its event."""
    text = Path(__file__).read_text()
    assert [name for name in catalogue.TYPES if f'"{name}"' not in text] == []
