"""What the OpenAPI document says of every operation alike."""

from __future__ import annotations

from typing import Any

PROBLEM = {
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
ANSWER = {
    "description": "Refused, with what to do about it.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def describe_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """drf-spectacular's post-processing hook: each operation may answer with a problem."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    for methods in result["paths"].values():
        for operation in methods.values():
            operation["responses"]["4XX"] = ANSWER
    return result
