from __future__ import annotations

import pytest

from apps.tenants.pages import workspace_page
from apps.tenants.permissions import ADMIN, OWNER, PERMISSIONS, SCOPES, STUDENT, TEACHER, Role


def test_each_role_includes_the_one_below():
    assert STUDENT < TEACHER < ADMIN < OWNER


def test_every_role_has_its_permissions():
    assert set(PERMISSIONS) == set(Role.values)


def test_permissions_read_resource_dot_action():
    assert all(permission.count(".") == 1 and permission.islower() for permission in OWNER)


def test_keys_cannot_manage_people_or_keys():
    assert not [scope for scope in SCOPES if scope.startswith(("members.", "api_keys."))]


def test_a_page_with_an_unknown_permission_is_refused_at_once():
    with pytest.raises(LookupError, match=r"releases\.fly"):
        workspace_page("releases.fly")
