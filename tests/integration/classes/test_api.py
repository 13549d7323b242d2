"""`/api/v1/classes/` and `/api/v1/pupils/`."""

from __future__ import annotations

import json

import pytest

from apps.classes.models import Pupil
from apps.classes.services import pupils
from tests.factories.classes import make_class, pupil_named
from tests.factories.gateway import make_key


@pytest.fixture
def api(browse, alpha):
    """A program with a key that reaches all classes."""
    scopes = ["classes.view", "classes.create", "classes.update", "classes.manage_all"]
    scopes += ["pupils.view", "pupils.create", "pupils.update", "pupils.remove"]
    client = browse()
    _, secret = make_key(alpha, scopes=scopes)
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    return client


def call(client, method, path, data=None):
    return client.generic(
        method.upper(), f"/api/v1{path}",
        data=json.dumps(data) if data is not None else "",
        content_type="application/json",
    )  # fmt: skip


def test_a_school_system_fills_a_class(api, in_alpha):
    made = call(api, "post", "/classes/", {"name": "7B"})
    assert made.status_code == 201
    class_id = made.json()["id"]
    added = call(api, "post", "/pupils/", {"class_id": class_id, "names": ["Maya", "Noah"]})
    assert [row["name"] for row in added.json()] == ["Maya", "Noah"]
    listed = call(api, "get", f"/pupils/?class_id={class_id}").json()["results"]
    assert {row["state"] for row in listed} == {"to_choose"}
    assert listed[0]["classes"] == [class_id]
    shown = call(api, "get", f"/classes/{class_id}/").json()
    assert (shown["pupil_count"], shown["teachers"], len(shown["code"])) == (2, [], 6)


def test_a_class_is_changed(api, school_class):
    path = f"/classes/{school_class.pk}/"
    changed = call(api, "patch", path, {"name": "7C", "is_paused": True}).json()
    assert (changed["name"], changed["is_paused"]) == ("7C", True)
    assert call(api, "post", f"{path}code/").json()["code"] != school_class.code


def test_a_pupil_is_looked_after(api, school_class, teacher):
    maya, other = pupil_named("Maya Lopez"), make_class(teacher, "8A")
    path = f"/pupils/{maya.user_id}/"
    assert call(api, "patch", path, {"name": "Maya B"}).json()["name"] == "Maya B"
    wish = {"from_class_id": str(school_class.pk), "to_class_id": str(other.pk)}
    assert call(api, "post", f"{path}move/", wish).json()["classes"] == [str(other.pk)]
    assert call(api, "post", f"{path}reset-pictures/").json()["state"] == "to_choose"
    assert call(api, "post", f"{path}unlock/").status_code == 200
    assert call(api, "delete", path).status_code == 204
    assert not Pupil.objects.filter(pk=maya.pk).exists()


def test_no_secret_is_told(api, school_class):
    body = call(api, "get", "/pupils/").content.decode()
    maya = pupil_named("Maya Lopez")
    assert maya.badge_nonce not in body
    assert "picture_hash" not in body


def test_a_key_without_all_classes_sees_none(browse, alpha, school_class):
    client = browse()
    _, secret = make_key(alpha, scopes=["classes.view", "pupils.view"])
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    assert call(client, "get", "/classes/").json()["results"] == []
    assert call(client, "get", "/pupils/").json()["results"] == []


def test_a_teacher_sees_their_own(browse, teacher, admin, school_class):
    make_class(admin, "8A")
    names = [row["name"] for row in call(browse(teacher), "get", "/classes/").json()["results"]]
    assert names == ["7B Science"]


def test_from_elsewhere_there_is_nothing(browse, outsider, beta, school_class):
    maya = pupil_named("Maya Lopez")
    here, there = browse(outsider), browse(outsider, tenant=beta)
    for path in (f"/classes/{school_class.pk}/", f"/pupils/{maya.user_id}/"):
        assert call(here, "get", path).status_code == 403
        assert call(there, "get", path).status_code == 404


def test_lists_take_as_many_queries_whatever_their_length(
    browse, admin, teacher, school_class, django_assert_num_queries, django_assert_max_num_queries
):
    client, counted = browse(admin), {}
    for path in ("/classes/", "/pupils/"):
        call(client, "get", path)
        with django_assert_max_num_queries(20) as queries:
            call(client, "get", path)
        counted[path] = len(queries)
    make_class(teacher, "8A", "Ida", "Omar")
    pupils.add(school_class=school_class, names=["Zoë"], by=teacher)
    for path, number in counted.items():
        with django_assert_num_queries(number):
            call(client, "get", path)
