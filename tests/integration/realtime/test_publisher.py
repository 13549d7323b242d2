import json
import os
import socket as sockets
import threading
from uuid import uuid4

import pytest
from django.db import transaction

from apps.jobs.services import outcomes, runs
from apps.realtime import publisher, pusher_api
from apps.realtime.events import DeploymentChanged
from apps.realtime.models import Errand


@pytest.fixture(autouse=True)
def product(endpoint, settings):
    """The product publishes to the running endpoint."""
    settings.PUSHER_APP_ID, settings.PUSHER_KEY = endpoint.app_id, endpoint.key
    settings.PUSHER_SECRET, settings.PUSHER_TLS = endpoint.secret, False
    settings.PUSHER_HOST, settings.PUSHER_PORT = "127.0.0.1", endpoint.port
    _forget_the_client()
    yield settings
    _forget_the_client()


@pytest.fixture
def silent_port():
    """A port that takes connections and never answers."""
    with sockets.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def _forget_the_client():
    if pusher_api._client.cache_info().currsize:
        pusher_api._client(os.getpid())._pusher_client.http.http.close()
    pusher_api._client.cache_clear()


def deployment():
    return DeploymentChanged(schema_name="w_alpha", id=uuid4(), state="running", step="publish")


def test_event_is_sent_on_commit(db, socket, django_capture_on_commit_callbacks):
    event = deployment()
    socket.join(event.channels[0])
    with django_capture_on_commit_callbacks(execute=True):
        publisher.publish(event)
        socket.settle()
    message = socket.hear("deployment.changed")
    assert json.loads(message["data"]) == {**event.payload, "sequence": 1}


def test_pusher_itself_can_be_the_endpoint(db, product, socket, django_capture_on_commit_callbacks):
    product.PUSHER_CLUSTER = "eu"
    event = deployment()
    socket.join(event.channels[0])
    with django_capture_on_commit_callbacks(execute=True):
        publisher.publish(event)
    message = socket.hear("deployment.changed")
    assert json.loads(message["data"]) == {**event.payload, "sequence": 1}


def test_event_of_a_rolled_back_transaction_is_never_sent(db, socket):
    event = deployment()
    socket.join(event.channels[0])
    with transaction.atomic():
        publisher.publish(event)
        transaction.set_rollback(True)
    socket.settle()


def test_an_endpoint_that_is_away_keeps_the_event_waiting(
    db, product, caplog, django_capture_on_commit_callbacks
):
    product.PUSHER_CLUSTER = "eu"
    with sockets.create_server(("127.0.0.1", 0)) as server:
        product.PUSHER_PORT = server.getsockname()[1]
    with django_capture_on_commit_callbacks(execute=True):
        publisher.publish(deployment())
    assert "realtime_events_wait" in caplog.text
    assert Errand.objects.filter(schema_name="w_alpha").exists()


def test_an_endpoint_that_hangs_is_given_up(product, silent_port):
    product.PUSHER_PORT = silent_port
    with pytest.raises(pusher_api.RealtimeError, match="No answer in time"):
        pusher_api.trigger(["c"], "e", {})


def test_wrong_secret_is_permanent(product):
    product.PUSHER_SECRET = "not the secret"
    with pytest.raises(pusher_api.RealtimeError) as refused:
        pusher_api.trigger(["c"], "e", {})
    assert refused.value.permanent


def test_too_much_data_is_refused_by_the_endpoint():
    with pytest.raises(pusher_api.RealtimeError, match="10240"):
        pusher_api.trigger(["c"], "e", {"text": "x" * 11_000})


def test_many_threads_share_the_connection(socket):
    text = uuid4().hex
    socket.join("private-w-w_alpha")
    arguments = [["private-w-w_alpha"], "notice", {"text": text}]
    threads = [threading.Thread(target=pusher_api.trigger, args=arguments) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(json.loads(socket.hear("notice")["data"]) == {"text": text} for _ in threads)


def test_job_tells_its_actor_and_its_workspace(
    in_alpha, teacher, socket, django_capture_on_commit_callbacks
):
    socket.join(f"private-user-{teacher.pk}")
    socket.join("private-w-w_alpha.jobs")
    _finish_a_job(teacher, "w_alpha", django_capture_on_commit_callbacks)
    heard = [socket.hear("job.changed") for _ in range(2)]
    assert {message["channel"] for message in heard} == {
        f"private-user-{teacher.pk}",
        "private-w-w_alpha.jobs",
    }
    last = json.loads(heard[-1]["data"])
    assert (last["state"], last["progress"], last["version"]) == ("succeeded", 100, 1)


def test_job_of_no_workspace_tells_its_actor_only(
    teacher, socket, django_capture_on_commit_callbacks
):
    socket.join("private-w-public.jobs")
    socket.join(f"private-user-{teacher.pk}")
    _finish_a_job(teacher, "public", django_capture_on_commit_callbacks)
    assert socket.hear("job.changed")["channel"] == f"private-user-{teacher.pk}"
    socket.settle()


def _finish_a_job(person, schema_name, capture):
    run = runs.request(name="test.nothing", arguments={}, by=person, schema_name=schema_name)
    claimed = runs.claim(run_id=str(run.pk))
    with capture(execute=True):
        outcomes.succeed(run=claimed)
