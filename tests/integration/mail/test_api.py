"""`/api/v1/sender-domains/` and `/api/v1/mails/`, as programs and people call them."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.mail.models import SenderDomain
from apps.mail.services import sender_domains
from tests.factories.gateway import make_key

SENDERS, MAILS = "/api/v1/sender-domains/", "/api/v1/mails/"
QUERIES = 8
# Of somebody in Beta and somebody in neither: there is nothing of Alpha's for them.
REFUSED = {403, 404}


@pytest.fixture
def program(alpha):
    _, secret = make_key(alpha, scopes=["sender_domains.view", "audit.view"])
    return Client(SERVER_NAME=alpha.own_host, headers={"authorization": f"Bearer {secret}"})


@pytest.fixture
def wish(alpha, owner):
    return sender_domains.add(tenant=alpha, domain="school.example", by=owner)


def test_a_domain_says_which_records_to_publish_and_never_its_key(browse, owner):
    sent = {"domain": "School.Example", "local_part": "office"}
    answer = browse(owner).post(SENDERS, sent, content_type="application/json")
    assert answer.status_code == 201, answer.content
    shown = answer.json()
    assert (shown["domain"], shown["state"]) == ("school.example", "waiting")
    assert {record["purpose"] for record in shown["records"]} == {"dkim", "spf", "dmarc"}
    assert "PRIVATE KEY" not in answer.content.decode()


def test_what_is_not_seen_yet_is_said_of_each_record(browse, owner, wish, name_server):
    answer = browse(owner).post(f"{SENDERS}{wish.pk}/verify/")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "sender_domain_not_verified")
    assert {record["state"] for record in problem["records"]} == {"missing"}


def test_it_is_changed_and_removed(browse, owner, wish):
    client, url = browse(owner), f"{SENDERS}{wish.pk}/"
    sent = {"from_name": "The office"}
    assert client.patch(url, sent, content_type="application/json").json()["from_name"] == (
        "The office"
    )
    assert client.delete(url).status_code == 204
    assert not SenderDomain.objects.exists()


def test_mails_say_what_became_of_them_and_not_what_they_say(program, write, owner):
    message = write(sent=True)
    (listed,) = program.get(f"{MAILS}?to={owner.email}").json()["results"]
    assert (listed["id"], listed["state"]) == (str(message.pk), "sent")
    shown = program.get(f"{MAILS}{message.pk}/").json()
    assert [event["kind"] for event in shown["timeline"]] == ["queued", "sent"]
    assert not {"text", "html", "context"} & {*listed, *shown}


def test_lists_take_a_constant_number_of_queries(
    program, alpha, owner, wish, write, django_assert_max_num_queries
):
    for _ in range(5):
        write()
    about = {"tenant": alpha, "signer": "own", "selector": "s", "private_key": "k"}
    SenderDomain.objects.bulk_create(
        SenderDomain(domain=f"n{n}.example", **about) for n in range(5)
    )
    for url in (SENDERS, MAILS):
        with django_assert_max_num_queries(QUERIES):
            assert len(program.get(url).json()["results"]) > 4


@pytest.mark.parametrize("deed", ["get", "patch", "delete"])
def test_an_outsider_finds_no_domain(browse, outsider, beta, wish, deed):
    for client in (browse(outsider), browse(outsider, tenant=beta)):
        assert getattr(client, deed)(f"{SENDERS}{wish.pk}/").status_code in REFUSED
    assert browse(outsider, tenant=beta).get(SENDERS).json().get("results", []) == []


def test_an_outsider_finds_no_mail(browse, outsider, beta, write):
    message = write()
    for client in (browse(outsider), browse(outsider, tenant=beta)):
        assert client.get(f"{MAILS}{message.pk}/").status_code in REFUSED
    assert browse(outsider, tenant=beta).get(MAILS).json().get("results", []) == []
