"""How SendGrid refuses: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors"""

from __future__ import annotations

import time
from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

HELP = "http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html#"


class Refusal(Exception):
    """`problems`: each a message with the field it is about, None for the whole request."""

    def __init__(self, status: int, *problems: tuple[str, str | None]) -> None:
        super().__init__(problems[0][0])
        self.status, self.problems = status, problems

    def as_response(self, headers: Mapping[str, str] | None = None) -> Response:
        errors = [
            {"message": message, "field": field, "help": help_for(field)}
            for message, field in self.problems
        ]
        return JSONResponse({"errors": errors}, status_code=self.status, headers=headers)


def help_for(field: str | None) -> str | None:
    """The page about a field of `mail/send`; other refusals name none."""
    known = {"personalizations", "from", "subject", "content", "headers", "categories"}
    root = (field or "").partition(".")[0]
    return f"{HELP}message.{root}" if root in known else None


def limit_headers(*, limit: int, remaining: int, wait: int) -> dict[str, str]:
    """https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/rate-limits:
    `reset` is the moment, in seconds since 1970; there is no `retry-after`.
    """
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(int(time.time()) + wait),
    }


def injected(status: int, retry_after: int | None) -> Response:
    """A fault's answer."""
    if status == 429:  # noqa: PLR2004
        headers = limit_headers(limit=600, remaining=0, wait=retry_after or 60)
        return Refusal(status, ("too many requests", None)).as_response(headers)
    wait = {} if retry_after is None else {"retry-after": str(retry_after)}
    return Refusal(status, ("An injected fault.", None)).as_response(wait)
