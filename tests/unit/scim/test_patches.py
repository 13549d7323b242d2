"""PATCH in the shapes of the RFC, of Okta and of Entra."""

from __future__ import annotations

import pytest

from apps.scim import patches
from apps.scim.documents import read_user
from apps.scim.errors import ScimError
from tests.factories.scim import CORE, ENTERPRISE, patch


@pytest.fixture
def user():
    return {
        "id": "u1", "externalId": "", "userName": "ines@x.example",
        "name": {"formatted": "", "givenName": "Ines", "familyName": "O"}, "displayName": "",
        "emails": [{"value": "ines@x.example", "type": "work", "primary": True}], "active": True,
    }  # fmt: skip


@pytest.fixture
def group():
    return {"displayName": "Staff", "externalId": "", "members": [{"value": "a"}, {"value": "b"}]}


def members(document):
    return [each["value"] for each in document["members"]]


class TestUsers:
    def test_okta_switches_off_without_a_path(self, user):
        body = patch({"op": "replace", "value": {"active": False}})
        assert read_user(patches.apply(user, body)).active is False

    @pytest.mark.parametrize("value", ["False", "false", False])
    def test_entra_switches_off_with_text(self, user, value):
        body = patch({"op": "Replace", "path": "active", "value": value})
        assert read_user(patches.apply(user, body)).active is False

    def test_entra_replaces_the_work_address(self, user):
        path = 'emails[type eq "work"].value'
        body = patch({"op": "Replace", "path": path, "value": "new@x.example"})
        assert read_user(patches.apply(user, body)).email == "new@x.example"

    def test_and_adds_it_when_there_is_none(self, user):
        path = 'emails[type eq "work"].value'
        body = patch({"op": "Add", "path": path, "value": "new@x.example"})
        changed = patches.apply({**user, "emails": []}, body)
        assert changed["emails"] == [{"type": "work", "value": "new@x.example"}]

    def test_entra_names_parts_with_dots(self, user):
        body = patch({"op": "Add", "value": {"name.givenName": "Inês", "displayName": "I."}})
        read = read_user(patches.apply(user, body))
        assert (read.given_name, read.display_name) == ("Inês", "I.")

    @pytest.mark.parametrize(
        "path", ["name.familyName", "NAME.FAMILYNAME", f"{CORE}:name.familyName"]
    )
    def test_paths_in_any_spelling(self, user, path):
        body = patch({"op": "replace", "path": path, "value": "Nova"})
        assert read_user(patches.apply(user, body)).family_name == "Nova"

    def test_what_is_not_kept_is_passed_over(self, user):
        body = patch(
            {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Art"},
            {"op": "Replace", "value": {f"{ENTERPRISE}:manager": "x", "nickName": "N"}},
            {"op": "Remove", "path": "title"},
        )
        assert patches.apply(user, body) == user

    def test_removing(self, user):
        body = patch({"op": "remove", "path": "externalId"}, {"op": "remove", "path": "name"})
        read = read_user(patches.apply({**user, "externalId": "x"}, body))
        assert (read.external_id, read.given_name, read.family_name) == ("", "", "")

    def test_the_given_document_stays(self, user):
        before = repr(user)
        patches.apply(user, patch({"op": "replace", "path": "name.givenName", "value": "X"}))
        assert repr(user) == before


class TestMembers:
    def test_added_once(self, group):
        body = patch({"op": "Add", "path": "members", "value": [{"value": "b"}, {"value": "c"}]})
        assert members(patches.apply(group, body)) == ["a", "b", "c"]

    def test_okta_and_the_rfc_remove_one_by_its_filter(self, group):
        body = patch({"op": "remove", "path": 'members[value eq "a"]'})
        assert members(patches.apply(group, body)) == ["b"]

    def test_entra_removes_those_in_the_value(self, group):
        body = patch({"op": "Remove", "path": "members", "value": [{"value": "b"}]})
        assert members(patches.apply(group, body)) == ["a"]

    def test_all_are_removed_without_a_value(self, group):
        assert members(patches.apply(group, patch({"op": "remove", "path": "members"}))) == []

    def test_replaced(self, group):
        body = patch({"op": "replace", "path": "members", "value": [{"value": "z"}]})
        assert members(patches.apply(group, body)) == ["z"]

    def test_okta_renames_with_an_id_in_the_value(self, group):
        body = patch({"op": "replace", "value": {"id": "g1", "displayName": "Teachers"}})
        assert patches.apply(group, body)["displayName"] == "Teachers"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({}, "invalidSyntax"),
        ({"Operations": []}, "invalidSyntax"),
        ({"Operations": ["x"]}, "invalidSyntax"),
        (patch({"op": "move", "path": "active"}), "invalidSyntax"),
        (patch({"op": "remove"}), "noTarget"),
        (patch({"op": "add", "value": "x"}), "invalidValue"),
        (patch({"op": "add", "path": "members", "value": ["x"]}), "invalidValue"),
        (patch({"op": "add", "path": "name", "value": "x"}), "invalidValue"),
        (patch({"op": "add", "path": "active[", "value": "x"}), "invalidPath"),
        (patch({"op": "add", "path": 'emails[type gt "x"].value', "value": ""}), "invalidFilter"),
        (patch({"op": "add", "path": "emails[type].value", "value": ""}), "invalidFilter"),
    ],
)
def test_what_makes_no_sense_says_so(user, group, body, kind):
    with pytest.raises(ScimError) as caught:
        patches.apply({**user, **group}, body)
    assert caught.value.scim_type == kind
