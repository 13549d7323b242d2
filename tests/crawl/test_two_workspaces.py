"""Two workspaces with one of everything, and every address of one with identifiers of the other.

As Alpha's owner, in a browser and as a program, each URL that takes an identifier is asked with
Beta's. A URL with a parameter that nobody has said how to fill fails the test. Where a thing stands
within another (a pupil in a class), Alpha's outer one is tried with Beta's inner one as well.
"""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from apps.accounts.services import emails
from apps.tenants.permissions import SCOPES
from apps.transfers.services import rows
from tests.factories.accounts import PASSWORD
from tests.factories.gateway import make_key
from tests.factories.two_workspaces import fill_with_everything

WORKSPACE = "config.urls_workspace"
THEIRS, OURS = "qqbetaqq", "qqalphaqq"
# Which kind of thing a parameter names: the first pattern that fits `<URL>:<parameter>`.
KINDS = (
    (r"channel[-_].*:app_pk", "app"),
    (r"channel-delivery-.*:pk|channel[-_].*:delivery_pk", "batch"),
    (r"channel[-_].*:(pk|webhook_pk)", "channel_webhook"),
    (r"webhook-delivery-.*:pk|.*:delivery_pk", "delivery"),
    (r"webhook.*:(pk|endpoint_pk)", "endpoint"),
    (r"(experience|environment|deployment_new|rollback|release).*:slug", "experience"),
    (r"(experience|environment|deployment_new|rollback).*:kind", "environment"),
    (r"release.*:version", "version"),
    (r"release-.*:pk", "release"),
    (r"deployment.*:(pk|deployment_id)", "deployment"),
    (r"member[-_].*:pk", "member"),
    (r"invitation-link-.*:pk|link_revoke:pk", "link"),
    (r"invitation[-_].*:pk", "invitation"),
    (r"ownership_.*:pk", "transfer"),
    (r"(role-|settings_role).*:key", "role"),
    (r"class.*:pk", "class"),
    (r"pupil-.*:id|class_.*:user_id", "pupil"),
    (r".*:awaited_id", "awaited"),
    (r".*:guardianship_id", "guardianship"),
    (r"export[-_].*:pk", "export"),
    (r"api[-_]key.*:pk", "api_key"),
    (r"(session-|account_session_).*:pk", "session"),
    (r"job.*:pk", "job"),
    (r"sender[-_]domain.*:pk", "sender"),
    (r"domain[-_].*:pk", "domain"),
    (r"realtime[-_]app.*:pk", "app"),
    (r"(mail-)?suppression[-_].*:pk", "suppression"),
    (r"mail-.*:pk", "mail"),
    (r"scim_token_.*:pk", "token"),
    (r"scim_group_map:pk", "group"),
    (r"event-.*:sequence", "event"),
    (r"(invoice-|billing_(invoice|receipt)).*:pk", "invoice"),
    (r"(credit-note-|billing_credit_note_).*:pk", "credit_note"),
    (r"payment-problem-.*:pk", "payment_problem"),
    (r"payment-.*:pk", "payment"),
    (r"(configuration-version-|settings_)restore:number", "configuration"),
)
# No identifier of a workspace's row: why.
ELSEWHERE = {
    r"mfa_.*": "a person's own key; allauth's tests and test_passkeys look at strangers'",
    r"sso_link|join_badge": "a signed or secret token, which has no neighbour",
    r"join_pupil": "led back to the class's door without its code, whoever it names",
    r"account_confirm_email|account_reset_password_from_key": "the same",
    r"help_article|welcome_skip|brand_stylesheet": "a text of the product",
    r"scim_(schema|type)": "a text of the product",
    r"scim_(user|group)": "asked with a token of its own: tests/integration/scim",
}
REFUSED = {403, 404}
# Looked at before the thing is: the same for what is not there at all, which is checked.
BEFORE = {400, 405, 410, 415, 422, 428}


def walk(patterns, prefix=""):
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            names = [n for n in re.findall(r"<(?:\w+:)?(\w+)>", route) if n != "version_of_api"]
            yield pattern.name or "", route, names


def addresses():
    """Name and parameters of every URL that takes any, beside the API's version."""
    for name, route, names in walk(get_resolver(WORKSPACE).url_patterns):
        in_api = route.startswith("^api/")
        asked = [n for n in names if not (in_api and n == "version") and n != "format"]
        if asked and "format" not in names:
            yield name, asked, in_api


def kind_of(name, parameter):
    for pattern, kind in KINDS:
        if re.fullmatch(pattern, f"{name}:{parameter}"):
            return kind
    raise LookupError(f"Say in KINDS what {parameter} of the URL {name} names")


def elsewhere(name):
    return any(re.fullmatch(pattern, name) for pattern in ELSEWHERE)


ADDRESSES = [found for found in addresses() if not elsewhere(found[0])]


@pytest.fixture
def both(alpha, beta, owner, outsider):
    return (
        fill_with_everything(alpha, owner, OURS, "1.0.0"),
        fill_with_everything(beta, outsider, THEIRS, "6.6.6"),
    )


def paths(name, parameters, in_api, ours, theirs):
    """With Beta's identifiers throughout, and with Alpha's but for the last."""
    kinds = {p: kind_of(name, p) for p in parameters}
    foreign = {p: theirs.ids[kind] for p, kind in kinds.items()}
    mixed = {p: ours.ids[kind] for p, kind in kinds.items()}
    # Of what both have (staging), the neighbour's is no other.
    swapped = [p for p in parameters if kinds[p] != "environment"]
    mixed[swapped[-1]] = foreign[swapped[-1]]
    more = {"version": "v1"} if in_api else {}
    for values in [foreign, *([mixed] if len(swapped) > 1 else [])]:
        yield reverse(name, urlconf=WORKSPACE, kwargs={**values, **more})


def ask(client, method, path, **headers):
    if method == "GET":
        return client.get(path, headers=headers)
    return client.generic(method, path, b"{}", content_type="application/json", headers=headers)


def complaint(answer, method, path):
    """What is wrong with an answer to a request for a neighbour's thing; "" when nothing is. No
    identifier holds the mark, so that what is sent back of the question does not count.
    """
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if THEIRS in body.decode(errors="replace") + str(dict(answer.headers)):
        return f"{method} {path}: {answer.status_code} shows what is Beta's"
    if answer.status_code not in REFUSED | BEFORE:
        return f"{method} {path}: {answer.status_code}"
    return ""


def state_of(filled):
    return {
        table.label: rows.tally(schema_name=filled.tenant.schema_name, table=table).hash
        for table in rows.tables(schema_name=filled.tenant.schema_name)
    }


def test_every_parameter_is_known():
    assert len(ADDRESSES) > 80
    for name, parameters, _ in ADDRESSES:
        for parameter in parameters:
            kind_of(name, parameter)


def crawl(client, methods, both, *, api, **headers):
    ours, theirs = both
    before = state_of(theirs)
    wrong, asked = [], 0
    for name, parameters, in_api in ADDRESSES:
        if in_api is not api:
            continue
        for path in paths(name, parameters, in_api, ours, theirs):
            for method in methods:
                answer = ask(client, method, path, **headers)
                asked += 1
                if said := complaint(answer, method, path):
                    wrong.append(said)
    assert wrong == [], "\n".join(wrong)
    assert state_of(theirs) == before
    return asked


def test_pages_in_a_browser(both, browse):
    assert crawl(browse(both[0].owner), ("GET", "POST"), both, api=False) > 100


@pytest.mark.usefixtures("own_redis")
def test_the_api_in_a_browser(both, browse):
    assert crawl(browse(both[0].owner), ("GET",), both, api=True) > 30


@pytest.mark.usefixtures("own_redis")
def test_the_api_with_an_access_token(both, alpha):
    owner, client = both[0].owner, Client(SERVER_NAME=alpha.host)
    emails.mark_verified(user=owner)
    given = {"email": owner.email, "password": PASSWORD, "name": "A script"}
    answer = client.post("/api/v1/tokens/", given, content_type="application/json")
    bearer = f"Bearer {answer.json()['access_token']}"
    methods = ("GET", "DELETE")
    assert crawl(client, methods, both, api=True, authorization=bearer) > 60


def test_the_api_with_a_key_of_all_scopes(both, alpha, own_redis, monkeypatch):
    monkeypatch.setattr("apps.gateway.throttling.RequestLimits.allow_request", lambda *_: True)
    _, secret = make_key(alpha, scopes=list(SCOPES))
    methods = ("GET", "POST", "PATCH", "PUT", "DELETE")
    client = Client(SERVER_NAME=alpha.host)
    assert crawl(client, methods, both, api=True, authorization=f"Bearer {secret}") > 150


def test_the_identifiers_are_right(both, browse):
    """Beta's owner finds under them what Alpha's does not."""
    ours, theirs = both
    browser = browse(theirs.owner, tenant=theirs.tenant)
    shown = 0
    for name, parameters, in_api in ADDRESSES:
        path = next(paths(name, parameters, in_api, ours, theirs))
        answer = browser.get(path)
        assert answer.status_code not in {403, 404} or name in OF_OTHERS, f"{name} {path}"
        shown += answer.status_code == 200 and THEIRS in answer.content.decode(errors="replace")
    assert shown > 30


# What not even Beta's owner is shown by these addresses.
OF_OTHERS = {"account_session_end", "session-detail"}
