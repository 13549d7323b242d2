"""Every address by every actor in their own and a foreign workspace: refused where the declared
permission is missing, and nowhere else. Also that nothing is undeclared, and that what is made of
the declarations is up to date.
"""

from __future__ import annotations

import copy

import pytest
from django.db import transaction
from django.template.backends.django import Template

from apps.core import attempts
from apps.gateway import admission, doors, endpoints, permission_documents
from apps.gateway.doors import Door
from apps.gateway.throttling import RequestLimits
from apps.impersonation.middleware import ALLOWED
from apps.tenants.permissions import DECLARED, PERMISSIONS, SCOPES
from tests.factories.gateway import make_key
from tests.factories.tenants import make_member, make_role

EVERY = endpoints.every()
GUARDED = [
    one
    for one in EVERY
    if one.host == "workspace" and not any(isinstance(n, Door) for n in one.needs.values())
]
API = [one for one in GUARDED if one.is_api]
CUSTOM = {"workspace.view", "audit.view", "releases.view", "roles.view", "members.view"}
NOT_KNOWN = 405
# What allauth's own addresses say to a method they do not know: they read the body first.
UNKNOWN_IN_JSON = {400, 401, 404, 405, 409, 415}
# And its pages: some lead on, or find nothing, whatever the method.
UNKNOWN_IN_PAGES = {302, 404, 405}


@pytest.fixture(autouse=True)
def _quick(monkeypatch, settings):
    """Nobody is told to slow down, and no page is drawn: who gets in is decided before."""
    monkeypatch.setattr(RequestLimits, "allow_request", lambda *_: True)
    monkeypatch.setattr(attempts, "take", lambda *_: None)
    settings.ACCOUNT_RATE_LIMITS = False
    monkeypatch.setattr(admission, "hit", lambda **_: admission.Admission(1))
    monkeypatch.setattr(Template, "render", lambda *_, **__: "")


def ask(client, one, method, **headers):
    """The answer's status, its code where it is a problem, and where it leads; undone again."""
    cookies = copy.deepcopy(client.cookies)
    with transaction.atomic():
        answer = getattr(client, method)(one.address, headers=headers)
        transaction.set_rollback(True)
    client.cookies = cookies  # leaving signs out
    code = answer.json()["code"] if "problem" in answer.get("Content-Type", "") else ""
    return answer.status_code, code, answer.get("Location", "")


def is_refused(status, code, location):
    if code:  # a problem; other refusals are of those who may
        return status == 401 or code in {"permission_denied", "permission_missing"}
    return status in {401, 403} or location.startswith("/accounts/login/")


def wrong(client, held, found=GUARDED, **headers):
    """Where the answer is not what `held` makes of it."""
    mistakes = []
    for one in found:
        for method, needed in one.needs.items():
            answer = ask(client, one, method, **headers)
            if answer[0] == NOT_KNOWN or is_refused(*answer) != (needed not in held):
                mistakes.append(f"{method} {one.address} ({needed}) answered {answer}")
    return "\n".join(mistakes)


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


def test_every_address_says_who_gets_in():
    assert [(one.host, one.route) for one in EVERY if not one.is_declared] == []


def test_every_permission_that_is_asked_for_is_declared():
    asked = {name for one in GUARDED for name in one.needs.values()}
    assert asked <= set(DECLARED)


def test_the_list_is_not_empty():
    assert {"/members/", "/api-keys/", "/api/v1/releases/"} <= {one.address for one in GUARDED}


@pytest.mark.parametrize("path", permission_documents.documents(), ids=lambda path: path.name)
def test_what_is_made_of_the_declarations_is_up_to_date(path):
    text = permission_documents.documents()[path]
    assert path.read_text() == text, f"Run manage.py permissions: {path.name} is stale."


@pytest.mark.parametrize("role", PERMISSIONS)
def test_of_each_role(role, alpha, browse):
    client = browse(make_member(alpha, role))
    assert wrong(client, PERMISSIONS[role]) == ""


def test_of_a_role_of_ones_own(alpha, browse):
    client = browse(make_member(alpha, make_role(alpha, *CUSTOM)))
    assert wrong(client, CUSTOM) == ""


def test_of_an_owner_elsewhere(browse, outsider):
    assert wrong(browse(outsider), frozenset()) == ""


def test_of_strangers(browse):
    assert wrong(browse(None), frozenset()) == ""


def test_of_a_key_with_every_scope(alpha, browse):
    _, secret = make_key(alpha, scopes=list(SCOPES))
    assert wrong(browse(None), frozenset(SCOPES), API, **bearer(secret)) == ""


def test_of_a_key_with_another_scope(alpha, browse):
    _, secret = make_key(alpha, scopes=["jobs.view"])
    assert wrong(browse(None), {"jobs.view"}, API, **bearer(secret)) == ""


def test_of_a_neighbours_key(beta, browse):
    _, secret = make_key(beta, scopes=list(SCOPES))
    assert wrong(browse(None), frozenset(), API, **bearer(secret)) == ""


def test_of_a_key_on_pages(alpha, browse):
    _, secret = make_key(alpha, scopes=list(SCOPES))
    pages = [one for one in GUARDED if not one.is_api]
    assert wrong(browse(None), frozenset(), pages, **bearer(secret)) == ""


def test_no_address_answers_to_other_methods(browse, owner):
    """The owner may do everything, so what is refused is the method."""
    client, wrong = browse(owner), []
    for one in GUARDED:
        # Pages refuse what is neither GET nor POST in one place.
        methods = endpoints.METHODS if one.is_api else ("get", "post", "delete")
        for method in set(methods) - set(one.needs):
            status, _, _ = ask(client, one, method)
            if status != NOT_KNOWN:
                wrong.append(f"{method} {one.address} answered {status}")
    assert wrong == []


def test_of_an_operator_who_looks(come_in, owner):
    """In as the owner: sees what is not secret, changes nothing."""
    client, wrong = come_in(owner), []
    for one in GUARDED:
        for method, needed in one.needs.items():
            status, _, _ = ask(client, one, method)
            may = method == "get" and needed in ALLOWED and not one.is_personal
            if (status == 403) is may:
                wrong.append(f"{method} {one.address} ({needed}) answered {status}")
    assert wrong == []


def test_of_an_operator_who_may_write(come_in, owner):
    """What asks people who they are stays closed, and what is secret or theirs."""
    client, wrong = come_in(owner, may_write=True, write_reason="The name is broken"), []
    for one in GUARDED:
        for method in set(one.needs) - {"get"}:
            status, _, _ = ask(client, one, method)
            needed = one.needs[method]
            may = needed in ALLOWED and not one.is_personal and method not in one.proven
            if (status == 403) is may:
                wrong.append(f"{method} {one.address} ({needed}) answered {status}")
    assert wrong == []


class TestDoors:
    """What no permission guards, on either host."""

    FOUND = tuple(o for o in EVERY if any(isinstance(n, Door) for n in o.needs.values()))
    MINE = tuple(o for o in FOUND if o.route.startswith(("accounts/", "_allauth/browser/")))

    @pytest.mark.parametrize("host", endpoints.HOSTS)
    def test_ones_own_account_is_closed_to_strangers(self, browse, alpha, host):
        client = browse(None, tenant=alpha if host == "workspace" else None)
        found = [o for o in self.MINE if o.host == host and Door.PERSON in o.needs.values()]
        assert len(found) > 25
        wrong = []
        for one in found:
            for method in one.needs:
                status, _, location = ask(client, one, method)
                away = location.startswith(("/accounts/login/", "/accounts/2fa/"))
                if status not in {401, 415} and not away:
                    wrong.append(f"{method} {one.address} answered {status} {location}")
        assert wrong == []

    @pytest.mark.parametrize("host", endpoints.HOSTS)
    def test_and_open_to_its_person(self, browse, alpha, owner, host):
        client = browse(owner, tenant=alpha if host == "workspace" else None)
        wrong = []
        for one in self.MINE:
            if one.host == host and Door.PERSON in one.needs.values() and "get" in one.needs:
                status, _, location = ask(client, one, "get")
                if status in {401, 403, 405} or location.startswith("/accounts/login/"):
                    wrong.append(f"{one.address} answered {status} {location}")
        assert wrong == []

    def test_no_address_of_an_account_answers_to_other_methods(self, browse, owner):
        client, wrong = browse(owner), []
        for one in self.MINE:
            if one.host != "workspace":
                continue
            known = UNKNOWN_IN_JSON if one.route.startswith("_allauth/") else UNKNOWN_IN_PAGES
            for method in set(endpoints.METHODS) - set(one.needs):
                status, _, _ = ask(client, one, method)
                if status not in known:
                    wrong.append(f"{method} {one.address} answered {status}")
        assert wrong == []

    def test_a_telephone_is_nothing_the_product_has(self, browse, owner):
        found = [o for o in self.FOUND if Door.NOBODY in o.needs.values() if o.host == "workspace"]
        assert len(found) == 6
        assert {ask(browse(owner), one, "get")[0] for one in found} == {404}

    def test_programs_bring_a_token_to_scim(self, browse, owner):
        found = [o for o in self.FOUND if o.route.startswith("scim/v2/") and _is_proof(o)]
        assert len(found) == 4
        for one in found:
            assert {ask(browse(owner), one, method)[0] for method in endpoints.METHODS} == {401}

    @pytest.mark.parametrize("start", ["accounts/", "_allauth/", "scim/"])
    def test_nothing_new_of_a_library_is_let_in_unseen(self, start):
        assert doors.find("workspace", f"{start}something/new/") is None
        assert doors.find("public", f"{start}something/new/") is None


def _is_proof(one):
    return Door.PROOF in one.needs.values()


class TestPublicHost:
    def of(self, door):
        found = [o for o in EVERY if o.host == "public" and door in o.needs.values()]
        return [o for o in found if not o.route.startswith(("accounts/", "_allauth/"))]

    def test_what_is_for_people_sends_strangers_to_sign_in(self, browse):
        found = self.of(Door.PERSON)
        assert found
        assert wrong(browse(None, tenant=None), frozenset(), found) == ""

    def test_and_lets_people_in(self, browse, outsider):
        found = self.of(Door.PERSON)
        assert wrong(browse(outsider, tenant=None), {Door.PERSON}, found) == ""

    def test_the_console_is_for_operators(self, browse, outsider):
        client = browse(outsider, tenant=None)
        for one in self.of(Door.OPERATOR):
            status, _, location = ask(client, one, "get")
            assert (status, "/login/" in location) in {(302, True), (404, False)} or (
                one.route in {"operator/login/", "operator/logout/", "operator/jsi18n/"}
            ), (one.route, status, location)
