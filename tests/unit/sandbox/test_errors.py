from __future__ import annotations

import json

import pytest

from sandbox.roblox.errors import Form, Refusal, form_for


def body(refusal: Refusal, form: Form):
    return json.loads(refusal.as_response(form).body)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (Form.GATEWAY, {"errors": [{"code": 0, "message": "no"}]}),
        (Form.V2, {"code": "NOT_FOUND", "message": "no", "details": []}),
        (Form.V1, {"error": "NOT_FOUND", "message": "no"}),
        (Form.ASSETS, {"code": "NOT_FOUND", "message": "no"}),
    ],
)
def test_one_refusal_in_each_form(form, expected):
    assert body(Refusal(404, "no"), form) == expected


def test_fields_make_it_a_problem_document_whatever_the_endpoint():
    found = body(Refusal(400, "", fields={"placeId": ["bad"]}), Form.V2)
    assert (found["status"], found["errors"]) == (400, {"placeId": ["bad"]})


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/cloud/v2/universes/1", Form.V2),
        ("/assets/v1/assets", Form.ASSETS),
        ("/universes/v1/1/places/2/versions", Form.V1),
        ("/elsewhere", Form.GATEWAY),
    ],
)
def test_each_service_has_its_form(path, form):
    assert form_for(path) is form
