"""`/api/v1/workspace/`: the workspace and its domains, for programs."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.tenants.models import Domain
from apps.tenants.permissions import SCOPES
from tests.factories.gateway import make_key
from tests.fixtures.problems import kinds, places

DOMAINS = "/api/v1/workspace/domains/"
JSON = "application/json"


def program(tenant, *scopes):
    _, secret = make_key(tenant, scopes=list(scopes) or list(SCOPES))
    return Client(SERVER_NAME=tenant.own_host, headers={"authorization": f"Bearer {secret}"})


@pytest.fixture
def client(alpha):
    return program(alpha)


def add(client, domain="lab.school.example"):
    return client.post(DOMAINS, {"domain": domain}, content_type=JSON)


def test_it_says_what_the_workspace_is(client, alpha):
    shown = client.get("/api/v1/workspace/").json()
    assert (shown["slug"], shown["state"], shown["url"]) == ("alpha", "active", alpha.url)


def test_it_changes_the_name(client, alpha):
    answer = client.patch("/api/v1/workspace/", {"name": "Alpha School"}, content_type=JSON)
    assert answer.json()["name"] == "Alpha School"


def test_an_empty_name_is_a_problem(client):
    answer = client.patch("/api/v1/workspace/", {"name": ""}, content_type=JSON)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_a_domain_goes_its_whole_way(client, alpha, name_server):
    made = add(client)
    assert made.status_code == 201
    one = f"{DOMAINS}{made.json()['id']}/"
    refused = client.post(f"{one}verify/").json()
    assert refused["code"] == "domain_not_verified"
    name_server.records[refused["record_name"]] = [refused["record_value"]]
    assert client.post(f"{one}verify/").json()["state"] == "verified"
    assert client.post(f"{one}main/").json()["is_main"] is True
    own = alpha.domains.get(kind="own")
    assert client.post(f"{DOMAINS}{own.pk}/main/").json()["is_main"] is True
    assert client.delete(one).status_code == 204
    assert client.get(one).status_code == 404


def test_nonsense_is_a_problem(client):
    answer = add(client, "*.school.example")
    assert (answer.status_code, places(answer)) == (422, ["#/domain"])


def test_the_own_address_is_not_removed(client, alpha):
    own = alpha.domains.get(kind="own")
    assert client.delete(f"{DOMAINS}{own.pk}/").status_code == 404
    assert alpha.domains.filter(pk=own.pk).exists()


def test_the_list_costs_the_same_whatever_its_length(client, alpha, django_assert_num_queries):
    for number in range(2):
        add(client, f"d{number}.example.org")
    with django_assert_num_queries(2):
        assert len(client.get(DOMAINS).json()["results"]) == 3
    for number in range(2, 6):
        add(client, f"d{number}.example.org")
    with django_assert_num_queries(2):
        assert len(client.get(DOMAINS).json()["results"]) == 7


def test_another_workspaces_domains_are_as_none(client, alpha, beta):
    theirs = Domain.objects.get(tenant=beta)
    for answer in (
        client.get(f"{DOMAINS}{theirs.pk}/"),
        client.delete(f"{DOMAINS}{theirs.pk}/"),
        client.post(f"{DOMAINS}{theirs.pk}/verify/"),
        client.post(f"{DOMAINS}{theirs.pk}/main/"),
    ):
        assert answer.status_code == 404


def test_another_workspaces_key_opens_nothing(alpha, beta):
    _, secret = make_key(beta, scopes=list(SCOPES))
    client = Client(SERVER_NAME=alpha.own_host, headers={"authorization": f"Bearer {secret}"})
    assert {client.get(path).status_code for path in ("/api/v1/workspace/", DOMAINS)} == {401}
    assert add(client).status_code == 401


def test_outsiders_and_strangers_get_nothing(browse, outsider):
    for person, status in ((outsider, 403), (None, 401)):
        client = browse(person)
        assert client.get("/api/v1/workspace/").status_code == status
        assert add(client).status_code == status


def test_a_key_does_what_its_scopes_say(alpha):
    client = program(alpha, "workspace.view", "domains.view")
    assert client.get("/api/v1/workspace/").status_code == 200
    assert client.get(DOMAINS).status_code == 200
    assert add(client).status_code == 403
    assert client.patch("/api/v1/workspace/", {"name": "X"}, content_type=JSON).status_code == 403


def test_no_key_can_close_or_move_a_workspace():
    assert not {"workspace.delete", "workspace.rename", "workspace.suspend"} & set(SCOPES)


@pytest.mark.parametrize("field", ["slug", "time_zone", "state"])
def test_what_is_changed_elsewhere_is_not_left_aside_silently(client, field):
    answer = client.patch("/api/v1/workspace/", {field: "x"}, content_type=JSON)
    assert (answer.status_code, kinds(answer)) == (422, {f"#/{field}": "unknown_field"})
