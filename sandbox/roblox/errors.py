"""The forms in which Open Cloud refuses, each where Roblox uses it.

https://create.roblox.com/docs/cloud/reference/errors. The gateway in front of every
endpoint (keys, limits, unknown paths) has a form of its own, whatever lies behind it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "NOT_IMPLEMENTED",
    409: "ABORTED",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "NOT_IMPLEMENTED",
    503: "UNAVAILABLE",
}


class Form(enum.Enum):
    GATEWAY = "gateway"  # {"errors": [{"code": 0, "message": …}]}
    V2 = "v2"  # {"code": "NOT_FOUND", "message": …, "details": […]}
    V1 = "v1"  # {"error": "NOT_FOUND", "message": …}
    ASSETS = "assets"  # {"code": 400, "message": …} or {"code": "NOT_FOUND", "message": …}
    PROBLEM = "problem"  # RFC 9110: {"type", "title", "status", "errors": {field: […]}}


class Refusal(Exception):
    """An answer that is not 200. `form` overrides the endpoint's own."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        form: Form | None = None,
        fields: Mapping[str, list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers
        self.form = Form.PROBLEM if fields else form
        self.fields = dict(fields or {})

    def as_response(self, form: Form) -> Response:
        body = _BODIES[self.form or form](self)
        return JSONResponse(body, status_code=self.status, headers=self.headers)


def _gateway(refusal: Refusal) -> dict[str, Any]:
    return {"errors": [{"code": 0, "message": refusal.message}]}


def _v2(refusal: Refusal) -> dict[str, Any]:
    return {"code": name_of(refusal.status), "message": refusal.message, "details": []}


def _v1(refusal: Refusal) -> dict[str, Any]:
    return {"error": name_of(refusal.status), "message": refusal.message}


def _assets(refusal: Refusal) -> dict[str, Any]:
    is_documented_status = refusal.status == 400  # noqa: PLR2004
    code = refusal.status if is_documented_status else name_of(refusal.status)
    return {"code": code, "message": refusal.message}


def _problem(refusal: Refusal) -> dict[str, Any]:
    return {
        "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1",
        "title": "One or more validation errors occurred.",
        "status": refusal.status,
        "errors": refusal.fields,
    }


_BODIES = {
    Form.GATEWAY: _gateway,
    Form.V2: _v2,
    Form.V1: _v1,
    Form.ASSETS: _assets,
    Form.PROBLEM: _problem,
}


def name_of(status: int) -> str:
    return NAMES.get(status, "INTERNAL" if status >= 500 else "INVALID_ARGUMENT")  # noqa: PLR2004


def form_for(path: str) -> Form:
    """The form of the service a path belongs to."""
    prefixes = {"/cloud/v2/": Form.V2, "/assets/": Form.ASSETS, "/universes/": Form.V1}
    return next(
        (form for prefix, form in prefixes.items() if path.startswith(prefix)), Form.GATEWAY
    )
