"""`Idempotency-Key`: however often a request is sent, it is carried out once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, close_old_connections, connection, connections, transaction
from django.test import Client
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.rest.models import StoredAnswer
from apps.rest.services import stored_answers
from apps.rest.services.stored_answers import Claim
from apps.tenants.api.views import DomainViewSet
from apps.tenants.models import Domain
from apps.tenants.permissions import SCOPES
from apps.tenants.services import domains
from tests.factories.gateway import make_key
from tests.fixtures.problems import places

URL = "/api/v1/workspace/domains/"
KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


def program(tenant):
    _, secret = make_key(tenant, scopes=list(SCOPES))
    return Client(SERVER_NAME=tenant.own_host, headers={"authorization": f"Bearer {secret}"})


@pytest.fixture
def client(alpha):
    return program(alpha)


def add(client, domain="lab.school.example", key=KEY, url=URL, **headers):
    sent = {"Idempotency-Key": key, **headers}
    return client.post(url, {"domain": domain}, content_type="application/json", headers=sent)


def test_the_same_request_gets_the_same_answer(client):
    first, second = add(client), add(client, key=f'"{KEY}"')
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert (first["ETag"], first["Content-Type"]) == (second["ETag"], second["Content-Type"])
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert Domain.objects.filter(domain="lab.school.example").count() == 1
    assert AuditEntry.objects.filter(action="domain.added").count() == 1


def test_without_a_key_nothing_is_kept(client):
    add(client, key=KEY).json()
    client.post(URL, {"domain": "b.example.org"}, content_type="application/json")
    assert StoredAnswer.objects.count() == 1


def test_an_answer_without_a_body_is_repeated_too(client):
    one = f"{URL}{add(client).json()['id']}/"
    answers = [client.delete(one, headers={"Idempotency-Key": "x"}) for _ in range(2)]
    assert [a.status_code for a in answers] == [204, 204]


@pytest.mark.parametrize(
    "other",
    [
        {"domain": "other.example.org"},
        {"url": f"{URL}1/verify/"},
        {"If-Match": '"x"', "url": f"{URL}1/main/"},
    ],
)
def test_another_request_with_the_same_key_is_refused(client, other):
    add(client)
    if "url" in other:
        answer = client.post(other.pop("url"), headers={"Idempotency-Key": KEY, **other})
    else:
        answer = add(client, **other)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_white_space_makes_no_other_request(client):
    add(client)
    body = json.dumps({"domain": "lab.school.example"}, indent=8)
    again = client.post(
        URL, body, content_type="application/json", headers={"Idempotency-Key": KEY}
    )
    assert again["Idempotent-Replayed"] == "true"


def test_each_has_keys_of_their_own(client, alpha, browse, owner):
    add(client)
    for other in (program(alpha), browse(owner)):
        answer = add(other, domain="other.example.org")
        assert answer.status_code == 201, answer.content


def test_refusals_by_the_domain_are_repeated(client):
    assert add(client, "*.school.example").status_code == 422
    assert add(client, "*.school.example")["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "a\tb", "schl\u00fcssel"])
def test_nonsense_is_no_key(client, key):
    answer = add(client, key=key)
    assert (answer.status_code, places(answer)) == (422, ["Idempotency-Key"])


def test_a_key_proves_nothing_about_who_asks(client, alpha, browse):
    add(client)
    assert add(browse(None)).status_code == 401
    reader = Client(
        SERVER_NAME=alpha.own_host,
        headers={"authorization": f"Bearer {make_key(alpha, scopes=['domains.view'])[1]}"},
    )
    assert add(reader).status_code == 403
    assert StoredAnswer.objects.count() == 1


def test_after_a_day_a_key_is_new(client):
    add(client)
    StoredAnswer.objects.update(expires_at=timezone.now())
    assert add(client, "other.example.org").status_code == 201
    row = StoredAnswer.objects.get()
    left = row.expires_at - timezone.now()
    assert timedelta(hours=23) < left <= timedelta(hours=24)


def test_old_answers_are_removed(client, monkeypatch):
    monkeypatch.setattr(stored_answers, "FORGOTTEN_AT_ONCE", 1)
    for number in range(3):
        add(client, f"d{number}.example.org", key=f"k{number}")
    StoredAnswer.objects.exclude(key="k2").update(expires_at=timezone.now())
    assert stored_answers.forget() == 2
    assert StoredAnswer.objects.get().key == "k2"


def test_what_was_answered_is_not_readable_in_the_table(client):
    add(client)
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM rest_storedanswer")
        (stored,) = cursor.fetchone()
    assert "lab.school.example" not in stored


def test_a_failure_undoes_the_deed_and_is_tried_anew(client, monkeypatch):
    real = DomainViewSet.answer
    monkeypatch.setattr(DomainViewSet, "answer", lambda *_, **__: 1 / 0)
    client.raise_request_exception = False
    assert add(client).status_code == 500
    assert not Domain.objects.filter(domain="lab.school.example").exists()
    monkeypatch.setattr(DomainViewSet, "answer", real)
    assert add(client).status_code == 201


def test_an_answer_that_cannot_be_kept_undoes_the_deed(client, monkeypatch):
    def fail(*_, **__):
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(stored_answers, "keep", fail)
    client.raise_request_exception = False
    assert add(client).status_code == 500
    assert not Domain.objects.filter(domain="lab.school.example").exists()


def test_uploads_are_told_apart_by_their_bytes(client, in_alpha, roblox, owner):
    from tests.factories.roblox import make_experience, place_file

    make_experience(roblox, owner)

    def upload(content):
        file = SimpleUploadedFile("lab.rbxlx", content)
        fields = {"experience": "volcano-lab", "version": "1.0.0", "file": file}
        return client.post("/api/v1/releases/", fields, headers={"Idempotency-Key": KEY})

    first, again = upload(place_file()), upload(place_file())
    assert (first.status_code, again.content) == (201, first.content)
    assert upload(place_file(note="other")).json()["code"] == "idempotency_key_reused"


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_are_one_deed(alpha):
    client = program(alpha)
    headers = dict(client.defaults)

    def send(_):
        try:
            sender = Client(**headers)
            return add(sender)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(send, range(50)))
    close_old_connections()
    made = [a for a in answers if a.status_code == 201]
    assert {a.status_code for a in answers} <= {201, 409}
    assert len({a.content for a in made}) == 1
    assert sum(not a.has_header("Idempotent-Replayed") for a in made) == 1
    running = [a for a in answers if a.status_code == 409]
    assert all(a.json()["code"] == "request_in_progress" for a in running)
    assert all(a["Retry-After"] == "1" for a in running)
    assert Domain.objects.filter(domain="lab.school.example").count() == 1
    assert add(client).content == made[0].content


@pytest.mark.django_db(transaction=True)
def test_who_dies_in_the_middle_blocks_nobody(alpha, monkeypatch):
    """The first request's connection breaks between the deed and its answer."""
    client = program(alpha)
    real = domains.add

    def add_and_die(**about):
        real(**about)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(domains, "add", add_and_die)
    client.raise_request_exception = False
    assert add(client).status_code == 500
    connection.close()
    monkeypatch.setattr(domains, "add", real)
    answer = add(client)
    assert (answer.status_code, answer.has_header("Idempotent-Replayed")) == (201, False)
    assert Domain.objects.filter(domain="lab.school.example").count() == 1


@pytest.mark.django_db(transaction=True)
def test_while_the_first_runs_others_are_told_so(alpha):
    client = program(alpha)
    add(client, key="other")
    actor = StoredAnswer.objects.get().actor

    def elsewhere():
        try:
            return add(client, "second.example.org").json()["code"]
        finally:
            connections.close_all()

    with transaction.atomic(), ThreadPoolExecutor(1) as threads:
        stored_answers.claim(Claim(alpha.schema_name, actor, KEY, "whatever"))
        assert threads.submit(elsewhere).result() == "request_in_progress"
