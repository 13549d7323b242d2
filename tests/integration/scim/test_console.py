"""Operators: what a provider did, as numbers, and revoking its token for a reason."""

from __future__ import annotations

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME

from apps.audit.models import AuditEntry
from apps.scim.models import ScimToken
from tests.factories.scim import okta_user, scim_token

LIST = "/operator/scim/provisionedworkspace/"
TOKENS = "/operator/scim/scimtoken/"


def test_numbers_and_the_last_error_without_addresses(scim, console, alpha):
    scim("POST", "/Users", okta_user("ines@alpha.example"))
    scim("POST", "/Users", okta_user("ines@alpha.example"))
    answer = console.get(LIST)
    row = answer.context["cl"].result_list[0]
    assert (row.name, row.user_count, row.token_count, row.group_count) == ("Alpha", 1, 1, 0)
    assert row.synced_at is not None
    detail = console.get(f"{LIST}{alpha.pk}/change/").content.decode()
    assert "POST /Users 409" in detail
    assert "Okta" in detail
    assert "ines@" not in detail + answer.content.decode()
    assert ScimToken.objects.get().secret_hash not in detail


def test_a_token_is_revoked_for_a_reason(scim, console, alpha):
    token = ScimToken.objects.get()
    form = {"action": "revoke", ACTION_CHECKBOX_NAME: [token.pk]}
    assert "Why?" in console.post(TOKENS, form).content.decode()
    console.post(TOKENS, {**form, "confirmed": "yes", "reason": " "})
    assert scim("GET", "/Users").status == 200
    console.post(TOKENS, {**form, "confirmed": "yes", "reason": "Leaked on a forum"})
    assert scim("GET", "/Users").status == 401
    entries = AuditEntry.objects.filter(action="scim_token.revoked")
    assert {entry.schema_name for entry in entries} == {alpha.schema_name, "public"}
    assert {entry.data["reason"] for entry in entries} == {"Leaked on a forum"}


def test_queries_are_constant(scim, console, beta, django_assert_max_num_queries):
    for page in (LIST, TOKENS):
        console.get(page)
        with django_assert_max_num_queries(16):
            console.get(page)
    scim_token(beta)
    scim_token(beta, name="Entra")
    for page in (LIST, TOKENS):
        with django_assert_max_num_queries(16):
            assert "Beta" in console.get(page).content.decode()


def test_it_is_for_operators(browse, owner):
    for page in (LIST, TOKENS):
        assert browse(owner, tenant=None).get(page).status_code == 302
