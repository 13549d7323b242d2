"""Before a dangerous deed a person shows once more who they are."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import RequestFactory

from apps.accounts import middleware
from apps.accounts.errors import StepUpRequired
from apps.accounts.services import step_up
from apps.tenants.services import tickets
from tests.factories.accounts import PASSWORD
from tests.factories.jobs import work_off

CONFIRM = "/accounts/reauthenticate/"
HOUR = 3600


@pytest.fixture(autouse=True)
def fresh_counters():
    cache.clear()


def asked(client, path="/dangerous/", **extra):
    """What `recent` makes of a request with the browser's session."""
    request = RequestFactory(SERVER_NAME=client.defaults["SERVER_NAME"]).get(path, **extra)
    request.session = client.session
    return request


def as_person(request, user):
    request.user = user
    return request


def test_a_fresh_sign_in_is_proof_enough(browse, owner):
    step_up.require(as_person(asked(browse(owner)), owner))


def test_an_hour_later_it_is_not(browse, owner):
    with pytest.raises(StepUpRequired):
        step_up.require(as_person(asked(browse(owner, ago=HOUR)), owner))


def test_somebody_elses_proof_is_none(browse, owner, admin):
    with pytest.raises(StepUpRequired):
        step_up.require(as_person(asked(browse(owner)), admin))


def test_the_page_is_asked_for_and_come_back_to(browse, owner):
    @step_up.recent
    def page(_request):
        return HttpResponse("done")

    request = as_person(asked(browse(owner, ago=HOUR)), owner)
    with pytest.raises(StepUpRequired) as refused:
        page(request)
    answer = middleware.StepUpMiddleware(page).process_exception(request, refused.value)
    assert answer.url == f"{CONFIRM}?next=%2Fdangerous%2F"


def test_the_password_confirms(browse, owner):
    client = browse(owner, ago=HOUR)
    answer = client.post(CONFIRM, {"password": PASSWORD, "next": "/members/"})
    assert answer.url == "/members/"
    step_up.require(as_person(asked(client), owner))


def test_a_wrong_one_does_not(browse, owner):
    client = browse(owner, ago=HOUR)
    answer = client.post(CONFIRM, {"password": "wrong", "next": "/members/"})
    assert answer.status_code == 422
    assert "This is not your password." in answer.content.decode()
    assert not step_up.is_recent(as_person(asked(client), owner))


def test_nobody_is_led_to_another_site(browse, owner):
    client = browse(owner, ago=HOUR)
    answer = client.post(CONFIRM, {"password": PASSWORD, "next": "https://evil.example/"})
    assert answer.url == "/"


def test_guessing_ends_after_ten(browse, owner):
    client = browse(owner, ago=HOUR)
    codes = [client.post(CONFIRM, {"password": "wrong"}).status_code for _ in range(11)]
    assert codes[-1] == 429


def test_a_form_that_was_being_sent_is_kept_in_no_readable_form(browse, owner):
    client = browse(owner, ago=HOUR)
    request = RequestFactory(SERVER_NAME=client.defaults["SERVER_NAME"]).post(
        "/members/invite/", {"email": "new@school.example"}
    )
    request.session = client.session
    middleware.ask(as_person(request, owner))
    request.session.save()
    assert "new@school.example" not in str(dict(request.session))
    shown = client.post(CONFIRM, {"password": PASSWORD}).content.decode()
    assert 'action="/members/invite/"' in shown
    assert 'value="new@school.example"' in shown
    assert middleware.held(asked(client)) is None


def test_people_without_a_password_get_a_code_by_mail(browse, owner, mailoutbox):
    owner.set_unusable_password()
    owner.save()
    client = browse(owner, ago=HOUR)
    assert "Mail me a code" in client.get(CONFIRM).content.decode()
    client.post(CONFIRM, {"mail": "1"})
    work_off()
    code = re.search(r"\d{4} \d{4}", mailoutbox[0].body)[0]
    assert client.post(CONFIRM, {"mailed_code": "0000 0000"}).status_code == 422
    assert client.post(CONFIRM, {"mailed_code": code, "next": "/members/"}).url == "/members/"
    assert step_up.is_recent(as_person(asked(client), owner))


def test_a_mailed_code_dies_of_five_wrong_ones(browse, owner, mailoutbox):
    owner.set_unusable_password()
    owner.save()
    client = browse(owner, ago=HOUR)
    client.post(CONFIRM, {"mail": "1"})
    work_off()
    code = re.search(r"\d{4} \d{4}", mailoutbox[0].body)[0]
    for _ in range(5):
        client.post(CONFIRM, {"mailed_code": "0000 0000"})
    assert client.post(CONFIRM, {"mailed_code": code}).status_code == 422


def test_who_has_a_password_is_sent_no_code(browse, owner, mailoutbox):
    browse(owner, ago=HOUR).post(CONFIRM, {"mail": "1"})
    work_off()
    assert not mailoutbox


def test_a_ticket_carries_how_and_when_the_person_signed_in(browse, owner, alpha):
    public = browse(owner, tenant=None, ago=300)
    proof = step_up.proof_of(as_person(asked(public), owner))
    url = tickets.issue(tenant=alpha, by=owner, proof=proof)
    inside = browse()
    inside.get(url.removeprefix(alpha.url))
    request = as_person(asked(inside), owner)
    assert step_up.proof_of(request) == proof
    assert step_up.is_recent(request)


def test_an_old_proof_is_old_on_the_other_host_too(browse, owner, alpha):
    proof = step_up.proof_of(as_person(asked(browse(owner, tenant=None, ago=HOUR)), owner))
    inside = browse()
    inside.get(tickets.issue(tenant=alpha, by=owner, proof=proof).removeprefix(alpha.url))
    assert not step_up.is_recent(as_person(asked(inside), owner))
