"""Connections that sign in as a user, and cache channels."""

import json

import pytest

from apps.realtime import outlets, pusher_api
from apps.tenants.services import memberships
from tests.integration.realtime.endpoint import channel


def sign_in(socket, user, **data):
    signed = socket.endpoint.pusher.authenticate_user(socket.id, {"id": user, **data})
    socket.say("pusher:signin", signed)


def watched(socket):
    events = json.loads(socket.hear("pusher_internal:watchlist_events")["data"])["events"]
    return {event["name"]: event["user_ids"] for event in events}


def test_a_user_hears_what_the_server_sends_to_them(endpoint, socket):
    name = channel()
    sign_in(socket, name)
    success = json.loads(socket.hear("pusher:signin_success")["data"])
    assert json.loads(success["user_data"]) == {"id": name}
    socket.join(f"#server-to-user-{name}")
    with endpoint.open() as other:
        other.say("pusher:subscribe", {"channel": f"#server-to-user-{name}"})
        assert other.hear("pusher:error")["data"]["code"] == 4009
        endpoint.pusher.trigger(f"#server-to-user-{name}", "hello", {"n": 1})
        assert json.loads(socket.hear("hello")["data"]) == {"n": 1}
        other.settle()


def test_users_are_no_channels(endpoint, socket):
    name = channel()
    sign_in(socket, name)
    socket.hear("pusher:signin_success")
    assert not [c for c in endpoint.pusher.channels_info()["channels"] if name in c]


def test_terminated_connections_are_closed_for_good(endpoint, socket):
    name = channel()
    sign_in(socket, name)
    socket.hear("pusher:signin_success")
    with endpoint.open() as other:
        sign_in(other, name + "x")
        other.hear("pusher:signin_success")
        pusher_api.terminate_connections(endpoint.pusher, name)
        assert socket.closing_code() == 4009
        other.settle()


@pytest.mark.parametrize(
    "data", [None, {}, {"auth": "x", "user_data": '{"id": "ada"}'}, {"auth": 7, "user_data": 7}]
)
def test_a_sign_in_that_is_not_signed_ends_the_connection(socket, data):
    socket.say("pusher:signin", data)
    assert socket.hear("pusher:error")["data"]["code"] == 4009
    assert socket.closing_code() == 4009


class TestWatchlist:
    def test_says_who_is_online_and_then_who_comes_and_goes(self, endpoint, socket):
        ada, bob = sorted([channel(), channel()])
        with endpoint.open() as first:
            sign_in(first, ada)
            first.hear("pusher:signin_success")
            sign_in(socket, channel(), watchlist=[bob, ada, ada])
            socket.hear("pusher:signin_success")
            assert watched(socket) == {"online": [ada], "offline": [bob]}
            with endpoint.open() as second:
                sign_in(second, bob)
                assert watched(socket) == {"online": [bob]}
            assert watched(socket) == {"offline": [bob]}

    def test_a_user_with_two_connections_comes_and_goes_once(self, endpoint, socket):
        ada = channel()
        sign_in(socket, channel(), watchlist=[ada])
        socket.hear("pusher:signin_success")
        assert watched(socket) == {"offline": [ada]}
        with endpoint.open() as first, endpoint.open() as second:
            for each in (first, second):
                sign_in(each, ada)
                each.hear("pusher:signin_success")
            assert watched(socket) == {"online": [ada]}
            socket.settle()
        assert watched(socket) == {"offline": [ada]}
        socket.settle()

    @pytest.mark.parametrize("bad", ["ada", [1], [""], [str(n) for n in range(101)]])
    def test_a_watchlist_that_is_none_ends_the_connection(self, socket, bad):
        sign_in(socket, "ada", watchlist=bad)
        assert socket.hear("pusher:error")["data"]["code"] == 4009
        assert socket.closing_code() == 4009


class TestPages:
    def test_sign_in_says_who_and_where(self, browse, alpha, teacher):
        answer = browse(teacher).post("/realtime/user-auth", {"socket_id": "1.2"}).json()
        assert json.loads(answer["user_data"]) == {"id": f"{alpha.schema_name}.{teacher.pk}"}

    @pytest.mark.parametrize("bad", ["", "1", "1.2:x"])
    def test_a_socket_id_that_is_none(self, browse, teacher, bad):
        answer = browse(teacher).post("/realtime/user-auth", {"socket_id": bad})
        assert answer.status_code == 400

    def test_strangers_and_outsiders_are_refused(self, browse, outsider):
        for person in (None, outsider):
            answer = browse(person).post("/realtime/user-auth", {"socket_id": "1.2"})
            assert answer.status_code == 403

    def test_whoever_is_removed_is_disconnected(
        self, alpha, owner, teacher, monkeypatch, django_capture_on_commit_callbacks
    ):
        ended = []
        monkeypatch.setattr(outlets, "disconnect", ended.append)
        with django_capture_on_commit_callbacks(execute=True), alpha:
            place = teacher.memberships.get(tenant=alpha)
            memberships.remove(membership=place, by=owner)
        assert ended == [f"{alpha.schema_name}.{teacher.pk}"]


@pytest.mark.parametrize("kind", ["cache-", "private-cache-", "presence-cache-"])
def test_a_cache_channel_gives_its_last_event_to_whoever_joins(endpoint, socket, kind):
    name = channel(kind)
    user = "ada" if kind.startswith("presence") else None
    socket.join(name, user)
    assert socket.hear("pusher:cache_miss")["channel"] == name
    for number in (1, 2):
        endpoint.pusher.trigger(name, "e", {"n": number})
        socket.hear("e")
    with endpoint.open() as late:
        late.join(name, user)
        assert json.loads(late.hear("e")["data"]) == {"n": 2}
        late.settle()
