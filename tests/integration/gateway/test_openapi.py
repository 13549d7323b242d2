"""The OpenAPI document as somebody reads it who wants working code in five minutes."""

from __future__ import annotations

import re

import pytest
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

from apps.gateway.openapi.summaries import SUMMARIES
from apps.gateway.openapi.texts import TAGS

WRITES = {"post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def document():
    generator = SchemaGenerator(urlconf="config.urls_workspace", api_version="v1")
    return generator.get_schema(request=None, public=True)


@pytest.fixture(scope="module")
def operations(document):
    return {
        operation["operationId"]: (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def bodies(operation):
    """(place, content) of each body that can be written down as text."""
    yield from _contents("request", operation.get("requestBody", {}))
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            yield from _contents(status, answer)


def _contents(place, about):
    for media_type, content in about.get("content", {}).items():
        if media_type not in {"application/octet-stream", "application/pdf"}:
            yield f"{place} {media_type}", content


def problems(document, schema, value):
    whole = {**schema, "components": document["components"]}
    errors = Draft202012Validator(whole).iter_errors(value)
    return [f"{error.json_path}: {error.message}"[:200] for error in errors]


def test_it_is_openapi_3_1(document):
    assert document["openapi"].startswith("3.1")


def test_every_body_has_examples_that_are_right(document, operations):
    wrong = []
    for name, (_, _, operation) in operations.items():
        for place, content in bodies(operation):
            examples = content.get("examples", {})
            if not examples:
                wrong.append(f"{name} {place}: no example")
            for example in examples.values():
                found = problems(document, content["schema"], example["value"])
                wrong += [f"{name} {place}: {problem}" for problem in found]
    assert wrong == []


def test_every_operation_shows_something(operations):
    """A body, or what has to stand in its address; but for those that neither take nor give one."""
    bare = [
        name
        for name, (path, _, operation) in operations.items()
        if not list(bodies(operation)) and "{" not in path and "204" not in operation["responses"]
    ]
    assert set(bare) == set()


def test_what_has_to_be_sent_in_an_address_or_a_query_has_an_example(document, operations):
    wrong = []
    for name, (_, _, operation) in operations.items():
        for parameter in operation.get("parameters", []):
            if parameter.get("required"):
                found = problems(document, parameter["schema"], parameter.get("example"))
                wrong += [f"{name} {parameter['name']}: {problem}" for problem in found]
    assert wrong == []


def test_examples_of_refusals_are_problem_documents(document):
    for answer in document["components"]["responses"].values():
        (content,) = answer["content"].values()
        assert content["examples"]
        for code, example in content["examples"].items():
            assert problems(document, content["schema"], example["value"]) == []
            assert example["value"]["code"] == code


ASKING_STRIPE = ("billing_checkout", "billing_change", "billing_preview", "billing_cancel")


def test_refusals_are_told_by_status(operations):
    for name, (path, method, operation) in operations.items():
        expected = {"429", "4XX"}
        expected |= {"401", "403"} if {} not in operation["security"] else set()
        expected |= {"404"} if "{" in path else set()
        expected |= {"409"} if method in WRITES else set()
        expected |= {"422", "413"} if "requestBody" in operation else set()
        expected |= {"502", "503"} if name == "billing" or name.startswith(ASKING_STRIPE) else set()
        assert expected <= set(operation["responses"]), name


def test_limits_and_repeated_answers_are_told_in_headers(operations):
    for name, (_, method, operation) in operations.items():
        (success, *_) = [a for s, a in operation["responses"].items() if s.startswith("2")]
        assert "RateLimit" in success["headers"], name
        sent = {parameter["name"] for parameter in operation.get("parameters", [])}
        if method in WRITES and "Idempotency-Key" in sent:
            assert "Idempotent-Replayed" in success["headers"], name


def test_names_of_operations_are_names_of_functions(operations):
    assert all(re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) for name in operations)
    assert {
        "releases_list", "releases_create", "releases_get", "releases_withdraw",
        "deployments_promote", "deployments_rollback", "help_search",
    } <= set(operations)  # fmt: skip


def test_every_group_is_explained(document):
    assert [tag["name"] for tag in document["tags"] if "description" not in tag] == []
    assert document["tags"][0]["name"] == next(iter(TAGS))


def test_ways_to_sign_in_are_explained(document):
    schemes = document["components"]["securitySchemes"].values()
    assert all(scheme.get("description") for scheme in schemes)


def test_every_operation_is_summed_up_in_words_of_its_own(operations):
    told = {name: operation["summary"] for name, (_, _, operation) in operations.items()}
    assert [name for name, words in told.items() if not 3 < len(words) <= 60] == []
    assert len(set(told.values())) == len(told)
    assert set(SUMMARIES) <= set(told)
    assert [n for n, (_, _, o) in operations.items() if "Mixin" in o.get("description", "")] == []


def test_groups_stand_in_the_order_in_which_they_are_explained(document, operations):
    seen = dict.fromkeys(operation["tags"][0] for _, _, operation in operations.values())
    assert list(seen) == [tag["name"] for tag in document["tags"]]
    assert [tag for group in document["x-tagGroups"] for tag in group["tags"]] == list(seen)


def test_only_who_is_known_repeats_by_key(operations):
    for name, (_, method, operation) in operations.items():
        sent = {parameter["name"] for parameter in operation.get("parameters", [])}
        known = {} not in operation["security"]
        assert ("Idempotency-Key" in sent) == (known and method in WRITES), name
