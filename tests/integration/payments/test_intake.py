"""What comes in as from Stripe: believed only when it is signed for this address, just now."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from socketserver import ThreadingMixIn
from threading import Thread
from uuid import uuid4
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import httpx
import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.test import Client
from django.urls import reverse

from apps.jobs.models import JobRun
from apps.payments.models import StripeEvent
from apps.payments.services import intake
from tests.factories.stripe_events import SECRET, encode, make_endpoint, make_payload, sign

CUSTOMER = {"id": "cus_1", "object": "customer"}


@pytest.fixture
def endpoint(db):
    return make_endpoint()


def path_of(endpoint):
    return reverse("stripe_webhook", args=[endpoint.djstripe_uuid], urlconf="config.urls_public")


def post(endpoint, body, signature, **headers):
    client = Client(SERVER_NAME="localhost")
    return client.post(
        path_of(endpoint), body, "application/json",
        headers={"Stripe-Signature": signature, **headers},
    )  # fmt: skip


def jobs():
    return JobRun.objects.filter(name="payments.sync")


def test_it_is_written_down_and_a_job_asked_for(endpoint):
    payload = make_payload({"id": "in_1", "object": "invoice", "customer": "cus_1"}, "invoice.paid")
    body = encode(payload)
    answer = post(endpoint, body, sign(body))
    assert (answer.status_code, answer.content) == (200, b"")
    event = StripeEvent.objects.get()
    assert (event.id, event.type, event.state) == (payload["id"], "invoice.paid", "waiting")
    assert (event.object_type, event.object_id) == ("invoice", "in_1")
    assert (event.customer_id, event.endpoint) == ("cus_1", endpoint.djstripe_uuid)
    assert event.payload == payload
    assert jobs().get().arguments == {"customer_id": "cus_1"}


def test_a_second_event_of_the_customer_needs_no_second_job(endpoint):
    for _ in range(3):
        body = encode(make_payload(CUSTOMER))
        assert post(endpoint, body, sign(body)).status_code == 200
    body = encode(make_payload({"id": "cus_2", "object": "customer"}))
    post(endpoint, body, sign(body))
    assert StripeEvent.objects.count() == 4
    assert sorted(run.arguments["customer_id"] for run in jobs()) == ["cus_1", "cus_2"]


def test_how_many_queries_it_takes(endpoint, django_assert_max_num_queries):
    body = encode(make_payload(CUSTOMER))
    post(endpoint, body, sign(body))
    with django_assert_max_num_queries(5):
        post(endpoint, body, sign(body))


BODY = encode(make_payload(CUSTOMER))
ANOTHER = encode(make_payload(CUSTOMER))


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(lambda: "", id="none"),
        pytest.param(lambda: "nonsense", id="nonsense"),
        pytest.param(lambda: "t=1,v1=é", id="not ASCII"),
        pytest.param(lambda: "t=x,v1=" + "0" * 64, id="no time"),
        pytest.param(lambda: sign(BODY, age=310), id="stale"),
        pytest.param(lambda: sign(ANOTHER), id="of another body"),
        pytest.param(lambda: sign(BODY, "whsec_somebody_else"), id="another endpoint's secret"),
        pytest.param(lambda: sign(BODY, ""), id="an empty secret"),
        pytest.param(lambda: sign(BODY).replace("v1=", "v0="), id="another scheme"),
        pytest.param(lambda: f"{sign(BODY, age=400)},{sign(BODY)}", id="two times"),
        pytest.param(lambda: sign(BODY) + ",v1=0" * 2000, id="thousands of guesses"),
    ],
)
def test_what_is_not_signed_for_here_and_now_is_refused(endpoint, signature):
    assert post(endpoint, BODY, signature()).status_code == 400
    assert not StripeEvent.objects.exists()
    assert not jobs().exists()


def test_a_tampered_body_is_refused(endpoint):
    tampered = BODY.replace(b"cus_1", b"cus_9")
    assert post(endpoint, tampered, sign(BODY)).status_code == 400
    assert not StripeEvent.objects.exists()


def test_the_time_is_signed_along(endpoint):
    """A signature of an hour ago does not become young by another time in front of it."""
    old = sign(BODY, age=3600).partition(",")[2]
    now = sign(BODY).partition(",")[0]
    assert post(endpoint, BODY, f"{now},{old}").status_code == 400


@pytest.mark.parametrize("debug", [False, True])
def test_no_header_chooses_the_secret(endpoint, settings, debug):
    """dj-stripe's own view takes one from a header in debug mode."""
    settings.DEBUG = debug
    headers = {"X-Djstripe-Webhook-Secret": "whsec_mine", "X-Forwarded-Host": "evil.example"}
    assert post(endpoint, BODY, sign(BODY, "whsec_mine"), **headers).status_code == 400
    assert not StripeEvent.objects.exists()


def test_no_row_switches_the_signature_off(endpoint):
    """dj-stripe knows endpoints whose events are believed unsigned."""
    endpoint.djstripe_validation_method = "none"
    endpoint.save()
    assert post(endpoint, BODY, "").status_code == 400


def test_secrets_of_both_endpoints_count_while_one_replaces_the_other(endpoint):
    other = make_endpoint("whsec_new")
    assert post(other, BODY, sign(BODY, "whsec_new")).status_code == 200
    assert post(endpoint, BODY, sign(BODY)).status_code == 200
    assert StripeEvent.objects.count() == 1
    assert post(other, ANOTHER, sign(ANOTHER, SECRET)).status_code == 400


def test_unknown_addresses_and_those_without_a_secret_are_none(endpoint):
    endpoint.djstripe_uuid = uuid4()
    assert post(endpoint, BODY, sign(BODY)).status_code == 404
    assert post(make_endpoint(""), BODY, sign(BODY, "")).status_code == 404


def test_it_stands_on_the_public_host_alone(endpoint, alpha):
    answer = Client(SERVER_NAME=alpha.host).post(
        path_of(endpoint), BODY, "application/json", headers={"Stripe-Signature": sign(BODY)}
    )
    assert answer.status_code == 404
    assert Client(SERVER_NAME="localhost").get(path_of(endpoint)).status_code == 405


def test_what_is_signed_but_no_event_is_refused(endpoint):
    for body in (b"[]", b"{", b'"x"', b"\xff", b"{}", encode({**json.loads(BODY), "id": "in_1"}),
                 encode(make_payload({"id": "cus_1"}))):  # fmt: skip
        assert post(endpoint, body, sign(body)).status_code == 400
    assert not StripeEvent.objects.exists()


def test_more_than_an_event_can_be_is_not_read(endpoint):
    body = b"x" * (intake.LARGEST + 1)
    assert post(endpoint, body, sign(body)).status_code == 413


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = False
    request_queue_size = 64

    def process_request_thread(self, request, client_address):
        try:
            super().process_request_thread(request, client_address)
        finally:
            connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_are_one(transactional_db):
    """Over HTTP, each on a connection of its own: one row, one job."""
    endpoint = make_endpoint()
    server = make_server("127.0.0.1", 0, get_wsgi_application(), Server, Quiet)
    serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    url = f"http://127.0.0.1:{server.server_port}{path_of(endpoint)}"
    headers = {"Host": "localhost", "Stripe-Signature": sign(BODY)}
    try:
        with httpx.Client(trust_env=False, verify=False) as client, ThreadPoolExecutor(50) as pool:  # noqa: S501
            answers = list(
                pool.map(lambda _: client.post(url, content=BODY, headers=headers), range(50))
            )
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
    assert [answer.status_code for answer in answers] == [200] * 50
    assert StripeEvent.objects.count() == 1
    assert jobs().count() == 1
