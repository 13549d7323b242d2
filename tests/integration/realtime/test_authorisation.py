import json

import pytest
from django.test import Client

from apps.realtime import signatures
from tests.factories.classes import make_class
from tests.factories.tenants import MembershipFactory

ID = "019348f5-6f5b-7c61-9b0d-2f6f9f6b8a10"
SOCKET = "123.456"


@pytest.fixture
def ask(browse):
    def send(browser, channel, socket_id=SOCKET):
        return browser.post("/realtime/auth", {"socket_id": socket_id, "channel_name": channel})

    return send


def test_member_gets_a_signature_that_opens_the_channel(ask, browse, teacher, settings):
    channel = f"private-w-w_alpha.deployment.{ID}"
    answer = ask(browse(teacher), channel)
    key, _, signature = answer.json()["auth"].partition(":")
    assert key == settings.PUSHER_KEY
    assert signatures.matches(settings.PUSHER_SECRET, f"{SOCKET}:{channel}", signature)


def test_presence_says_who_it_is(ask, browse, student):
    answer = ask(browse(student), "presence-w-w_alpha").json()
    assert json.loads(answer["channel_data"]) == {
        "user_id": str(student.pk),
        "user_info": {"name": "Sara Student"},
    }


@pytest.mark.parametrize(
    ("area", "allowed"),
    [
        ("", True),
        (f".deployment.{ID}", False),
        (".deployments", False),
        (f".release.{ID}", False),
        (f".job.{ID}", False),
        (".jobs", False),
        (".unheard", False),
    ],
)
def test_student_hears_what_students_may_see(ask, browse, student, area, allowed):
    answer = ask(browse(student), f"private-w-w_alpha{area}")
    assert answer.status_code == (200 if allowed else 403)


@pytest.mark.parametrize("area", ["", f".deployment.{ID}", ".releases", f".job.{ID}", ".jobs"])
def test_teacher_hears_the_work(ask, browse, teacher, area):
    assert ask(browse(teacher), f"private-w-w_alpha{area}").status_code == 200


@pytest.mark.parametrize(
    ("area", "teachers", "admins"), [("experience", 200, 200), ("environment", 403, 200)]
)
def test_who_is_there_is_seen_by_those_who_may_open_the_page(
    ask, browse, teacher, admin, student, area, teachers, admins
):
    channel = f"presence-w-w_alpha.{area}.{ID}"
    people = [(teacher, teachers), (admin, admins), (student, 403)]
    for person, status in people:
        assert ask(browse(person), channel).status_code == status


def test_who_is_in_a_class_is_seen_by_those_who_may_open_it(
    ask, browse, alpha, beta, teacher, admin, student, outsider
):
    with alpha:
        school_class = make_class(teacher)
    channel = f"presence-w-w_alpha.class.{school_class.pk}"
    colleague = MembershipFactory(tenant=alpha, role="teacher").user
    for person, status in [(teacher, 200), (admin, 200), (colleague, 403), (student, 403)]:
        assert ask(browse(person), channel).status_code == status
    assert ask(browse(outsider, tenant=beta), channel).status_code == 403
    for other in ("", f".{ID}", f".{'-' * 36}"):
        assert ask(browse(admin), f"presence-w-w_alpha.class{other}").status_code == 403


def test_pages_say_where_their_visitors_meet(browse, alpha, teacher):
    with alpha:
        school_class = make_class(teacher)
    page = browse(teacher).get(school_class.get_absolute_url()).content.decode()
    assert f'data-presence="presence-w-w_alpha.class.{school_class.pk}"' in page


@pytest.mark.parametrize("kind", ["private", "presence"])
def test_member_of_another_workspace_is_refused(ask, browse, alpha, beta, outsider, kind):
    channel = f"{kind}-w-{alpha.schema_name}"
    assert ask(browse(outsider, tenant=beta), channel).status_code == 403
    assert ask(browse(outsider, tenant=alpha), channel).status_code == 403


def test_workspace_channel_opens_on_its_own_host_only(ask, browse, beta, owner, alpha):
    assert ask(browse(owner, tenant=beta), "private-w-w_alpha").status_code == 403
    assert ask(browse(owner, tenant=None), "private-w-w_alpha").status_code == 403
    assert ask(browse(owner, tenant=alpha), "private-w-w_alpha").status_code == 200


@pytest.mark.parametrize("public", [True, False])
def test_own_channel_opens_on_every_host(ask, browse, alpha, teacher, public):
    browser = browse(teacher, tenant=None if public else alpha)
    assert ask(browser, f"private-user-{teacher.pk}").status_code == 200


def test_other_persons_channel_stays_closed(ask, browse, teacher, student):
    assert ask(browse(teacher), f"private-user-{student.pk}").status_code == 403


def test_nobody_is_let_in_without_signing_in(ask, browse, student):
    assert ask(browse(), "private-w-w_alpha").status_code == 403
    assert ask(browse(), f"private-user-{student.pk}").status_code == 403


def test_public_and_invented_channels_are_not_signed(ask, browse, owner):
    for channel in ("news", "private-other", "private-w-w_alpha.deployment.x", "presence-user-1"):
        assert ask(browse(owner), channel).status_code == 403


@pytest.mark.parametrize("socket_id", ["", "1", f"{SOCKET}:private-w-w_alpha", "1.2\n"])
def test_socket_id_cannot_smuggle_another_channel(ask, browse, owner, socket_id):
    assert ask(browse(owner), "private-w-w_alpha", socket_id).status_code == 400


def test_needs_the_csrf_token(browse, owner):
    signed_in = browse(owner)
    browser = Client(enforce_csrf_checks=True, SERVER_NAME="alpha.localhost")
    browser.cookies = signed_in.cookies
    data = {"socket_id": SOCKET, "channel_name": "private-w-w_alpha"}
    assert browser.post("/realtime/auth", data).status_code == 403
    browser.cookies["csrf"] = "a" * 32
    answer = browser.post("/realtime/auth", data, headers={"X-CSRFToken": "a" * 32})
    assert answer.status_code == 200


def test_needs_a_post(browse, owner):
    assert browse(owner).get("/realtime/auth").status_code == 405
