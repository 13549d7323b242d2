"""Refusals in the OpenAPI document: which statuses an operation may answer with, by which codes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from apps.core.problems import MEDIA_TYPE
from apps.gateway import catalogue

PROBLEM: Final = {
    "type": "object",
    "description": "A problem document (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code", "instance"],
    "properties": {
        "type": {"type": "string", "description": "names the kind of problem"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "what happened and what to do"},
        "code": {"type": "string", "description": "stable; decide by this"},
        "instance": {"type": "string", "description": "the path that was called"},
        "errors": {
            "type": "array",
            "description": "for code `invalid`: everything that is wrong, each with its place",
            "items": {
                "type": "object",
                "required": ["code", "detail"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "in the body: a JSON pointer as a URI fragment (RFC 6901)",
                    },
                    "parameter": {"type": "string", "description": "in the query: its name"},
                    "header": {"type": "string", "description": "in the headers: its name"},
                    "code": {"type": "string", "description": "stable; the kind of error"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
    "additionalProperties": True,
}
WRITES: Final = frozenset({"post", "put", "patch", "delete"})
VENDORS: Final = (502, 503)
STATUSES: Final = (401, 403, 404, 409, 412, 413, 422, 428, 429, *VENDORS)


def describe(result: dict[str, Any]) -> None:
    """Give each operation the refusals it may answer with."""
    components = result["components"]
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    answers = components.setdefault("responses", {})
    answers.update({_name(status): _answer(status) for status in STATUSES})
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            for status in _possible(path, method, operation):
                reference = {"$ref": f"#/components/responses/{_name(status)}"}
                operation["responses"].setdefault(str(status), reference)
            operation["responses"]["4XX"] = _any_refusal()


def _possible(path: str, method: str, operation: dict[str, Any]) -> Iterator[int]:
    parameters = {p["name"]: p for p in operation.get("parameters", [])}
    if {} not in operation.get("security", [{}]):
        yield from (401, 403)
    if "{" in path:
        yield 404
    if method in WRITES:
        yield 409
    if "requestBody" in operation:
        yield 413
    if "requestBody" in operation or any(p["in"] == "query" for p in parameters.values()):
        yield 422
    if "If-Match" in parameters:
        yield 412
        if parameters["If-Match"].get("required"):
            yield 428
    yield 429
    if operation.get("x-asks-vendor"):
        yield from VENDORS


def _name(status: int) -> str:
    return HTTPStatus(status).phrase.replace(" ", "")


def _answer(status: int) -> dict[str, Any]:
    by_status = defaultdict(list)
    for entry in catalogue.entries():
        by_status[entry.status].append(entry)
    entries = by_status[status]
    codes = ", ".join(f"`{entry.code}`" for entry in entries)
    examples = {entry.code: {"summary": entry.title, "value": entry.document} for entry in entries}
    return {
        "description": f"{HTTPStatus(status).phrase}. Codes: {codes}.",
        "headers": {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
        if status == HTTPStatus.TOO_MANY_REQUESTS
        else {},
        "content": {
            MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}
        },
    }


def _any_refusal() -> dict[str, Any]:
    return {
        "description": "Refused, with what to do about it.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
