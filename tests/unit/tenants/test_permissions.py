from __future__ import annotations

import pytest

from apps.tenants.pages import workspace_page
from apps.tenants.permissions import (
    ADMIN,
    DECLARED,
    GROUPS,
    GUARDIAN,
    OWNER,
    OWNERS_ALONE,
    PERMISSIONS,
    SCOPES,
    STUDENT,
    TEACHER,
    Role,
    grouped,
    label_of,
)


def test_each_role_includes_the_one_below():
    assert STUDENT < TEACHER < ADMIN < OWNER


def test_a_guardian_holds_little():
    assert {"workspace.view"} <= GUARDIAN
    assert not GUARDIAN & {"members.view", "releases.view"}


def test_every_role_has_its_permissions():
    assert set(PERMISSIONS) == set(Role.values)


def test_permissions_read_resource_dot_action():
    assert all(permission.count(".") == 1 and permission.islower() for permission in OWNER)


def test_each_is_explained_in_a_label_and_a_sentence():
    def is_explained(one):
        return one.label[0].isupper() and one.label[-1] != "." and one.text.endswith(".")

    assert [one.name for one in DECLARED.values() if not is_explained(one)] == []


def test_each_is_declared_once_and_labels_do_not_repeat():
    entries = [each for group in GROUPS.values() for each in group]
    assert len({each.name for each in entries}) == len(entries)
    assert len({each.label for each in entries}) == len(entries)


def test_keys_cannot_manage_people_or_keys():
    assert not [scope for scope in SCOPES if scope.startswith(("members.", "api_keys."))]


def test_what_is_owners_alone_is_of_no_lower_role():
    assert not OWNERS_ALONE & ADMIN
    assert OWNERS_ALONE < OWNER


def test_grouped_leaves_empty_groups_out():
    assert [group for group, _ in grouped({"audit.view", "releases.view"})] == [
        "Releases",
        "Oversight",
    ]


def test_a_permission_of_another_release_is_called_by_its_name():
    assert label_of("rockets.launch") == "rockets.launch"
    assert label_of("audit.view") == "See the audit"


def test_a_page_with_an_unknown_permission_is_refused_at_once():
    with pytest.raises(LookupError, match=r"releases\.fly"):
        workspace_page("releases.fly")
