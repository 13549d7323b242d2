"""Headers of answers: limits, what a request cost, whether an answer is one from before."""

from __future__ import annotations

from typing import Any, Final

from apps.rest.idempotency import HEADER, REPLAYED

HEADERS: Final[dict[str, dict[str, Any]]] = {
    "RateLimit": {
        "description": "What is left of each limit (`r`, in credits) and in how many seconds "
        "more comes back (`t`): draft-ietf-httpapi-ratelimit-headers.",
        "schema": {"type": "string"},
        "example": '"key";r=118;t=1, "workspace";r=590;t=1',
    },
    "RateLimit-Policy": {
        "description": "The limits that hold: credits (`q`) within seconds (`w`).",
        "schema": {"type": "string"},
        "example": '"key";q=120;w=60, "workspace";q=600;w=60',
    },
    "X-Request-Cost": {
        "description": "The credits that this request cost.",
        "schema": {"type": "string"},
        "example": "1",
    },
    "Retry-After": {
        "description": "Seconds after which it is worth trying again.",
        "schema": {"type": "string"},
        "example": "30",
    },
    REPLAYED: {
        "description": f"`true` where this is the answer to an earlier request with the same "
        f"`{HEADER}`.",
        "schema": {"type": "string"},
        "example": "true",
    },
}
LIMITS: Final = ("RateLimit", "RateLimit-Policy", "X-Request-Cost")


def describe(result: dict[str, Any]) -> None:
    result["components"].setdefault("headers", {}).update(HEADERS)
    for methods in result["paths"].values():
        for operation in methods.values():
            taken = {parameter["name"] for parameter in operation.get("parameters", [])}
            names = [*LIMITS, *([REPLAYED] if HEADER in taken else [])]
            for status, answer in operation["responses"].items():
                if status.startswith("2"):
                    told = answer.setdefault("headers", {})
                    for name in names:
                        told.setdefault(name, {"$ref": f"#/components/headers/{name}"})
