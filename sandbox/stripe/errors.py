"""Refusals in Stripe's form. https://docs.stripe.com/api/errors."""

from __future__ import annotations

from typing import Any

CARD_ERROR = 402


class StripeError(Exception):
    """An answer that is not 200. `keeps` says that what happened until then stays done."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        keeps: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status, self.keeps = status, keeps
        about = {"code": code, "message": message, "param": param, "type": kind, **more}
        self.body = {name: value for name, value in about.items() if value is not None}
        if code:
            self.body["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"


def missing(kind: str, object_id: str, param: str) -> StripeError:
    return StripeError(
        f"No such {kind}: '{object_id}'", status=404, code="resource_missing", param=param
    )


def required(param: str) -> StripeError:
    return StripeError(f"Missing required param: {param}.", code="parameter_missing", param=param)


def unknown(param: str) -> StripeError:
    return StripeError(
        f"Received unknown parameter: {param}", code="parameter_unknown", param=param
    )


def wrong_key(key: str) -> StripeError:
    shown = f"{key[:8]}{'*' * 12}{key[-4:]}" if key else ""
    text = f"Invalid API Key provided: {shown}" if key else "You did not provide an API key."
    return StripeError(text, status=401)
