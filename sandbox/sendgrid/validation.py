"""What `mail/send` refuses, and in which words.

https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors and .../mail-send/limitations
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

ADDRESS = re.compile(r"[^\s@<>\",;]{1,64}@(?=.{1,253}$)([A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")
MOST_RECIPIENTS = 1000
MOST_CATEGORIES, LONGEST_CATEGORY = 10, 255
MOST_ARGUMENTS = 10_000  # bytes
RESERVED = {
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type",
    "content-transfer-encoding", "to", "from", "subject", "reply-to", "cc", "bcc",
}  # fmt: skip
NO_FROM = (
    "The from object must be provided for every email send. It is an object that requires the "
    'email parameter, but may also contain a name parameter.  e.g. {"email" : '
    '"example@example.com"}  or {"email" : "example@example.com", "name" : "Example Recipient"}.'
)
NO_CONTENT = (
    "Unless a valid template_id is provided, the content parameter is required. There must be at "
    "least one defined content block. We typically suggest both text/plain and text/html blocks "
    "are included, but only one block is required."
)
NO_SUBJECT = (
    "The subject is required. You can get around this requirement if you use a template with a "
    "subject defined or if every personalization has a subject defined."
)
NO_PERSONALIZATION = (
    "The personalizations field is required and must have at least one personalization."
)
NO_TO = (
    "The to array is required for all personalization objects, and must have at least one email "
    "object with a valid email address."
)
ORDER = "If present, text/plain must be first, followed by text/html, then any other content."
Problem = tuple[str, str | None]


def problems(body: dict[str, Any]) -> list[Problem]:
    """All that is wrong with a request, in the order of its parts."""
    return [*_personalizations(body), *_from(body), *_subject(body), *_content(body), *_rest(body)]


def is_address(text: Any) -> bool:
    return isinstance(text, str) and ADDRESS.fullmatch(text) is not None


def _personalizations(body: dict[str, Any]) -> Iterator[Problem]:
    found = body.get("personalizations")
    if not isinstance(found, list) or not found:
        yield NO_PERSONALIZATION, "personalizations"
        return
    if len(found) > MOST_RECIPIENTS:
        words = (
            "The personalization block is limited to 1000 personalizations per API request. You "
            f"have provided {len(found)} personalizations. Please consider splitting this into "
            "multiple requests and resending your request."
        )
        yield words, "personalizations"
    for number, one in enumerate(found):
        yield from _recipients(one if isinstance(one, dict) else {}, f"personalizations.{number}")


def _recipients(one: dict[str, Any], field: str) -> Iterator[Problem]:
    if not isinstance(one.get("to"), list) or not one["to"]:
        yield NO_TO, f"{field}.to"
    seen: set[str] = set()
    for kind in ("to", "cc", "bcc"):
        for number, person in enumerate(one.get(kind) or []):
            email = person.get("email") if isinstance(person, dict) else None
            if not is_address(email):
                yield "Does not contain a valid address.", f"{field}.{kind}.{number}.email"
            elif str(email).lower() in seen:
                words = (
                    "Each email address in the personalization block should be unique between to, "
                    f"cc, and bcc. We found the first duplicate instance of [{email}] in the "
                    f"{field}.{kind} field."
                )
                yield words, field
            seen.add(str(email).lower())


def _from(body: dict[str, Any]) -> Iterator[Problem]:
    sender = body.get("from")
    if not isinstance(sender, dict) or not sender.get("email"):
        yield NO_FROM, "from.email"
    elif not is_address(sender["email"]):
        yield "The from email does not contain a valid address.", "from.email"


def _subject(body: dict[str, Any]) -> Iterator[Problem]:
    each = body.get("personalizations")
    each = each if isinstance(each, list) else []
    if body.get("subject") or body.get("template_id"):
        return
    if not each or not all(isinstance(one, dict) and one.get("subject") for one in each):
        yield NO_SUBJECT, "subject"


def _content(body: dict[str, Any]) -> Iterator[Problem]:
    parts = body.get("content")
    if not isinstance(parts, list) or not parts:
        if not body.get("template_id"):
            yield NO_CONTENT, "content"
        return
    kinds = [part.get("type") if isinstance(part, dict) else None for part in parts]
    for number, part in enumerate(parts):
        value = part.get("value") if isinstance(part, dict) else None
        if not isinstance(value, str) or not value:
            words = "The content value must be a string at least one character in length."
            yield words, f"content.{number}.value"
        if not kinds[number]:
            words = "The content type must be a string at least one character in length."
            yield words, f"content.{number}.type"
    for kind in ("text/plain", "text/html"):
        if kinds.count(kind) > 1:
            yield f"If present, {kind} may only be provided once.", "content"
    first = [kind for kind in ("text/plain", "text/html") if kind in kinds]
    if kinds[: len(first)] != first:
        yield ORDER, "content"


def _rest(body: dict[str, Any]) -> Iterator[Problem]:
    for name in body.get("headers") or {}:
        if str(name).lower() in RESERVED:
            yield f"The header {name} is reserved and cannot be set.", f"headers.{name}"
    categories = body.get("categories") or []
    if len(categories) > MOST_CATEGORIES:
        yield "There cannot be more than 10 categories.", "categories"
    if any(not isinstance(one, str) or len(one) > LONGEST_CATEGORY for one in categories):
        yield "Each category name may not exceed 255 characters.", "categories"
    if len(set(map(str, categories))) < len(categories):
        yield "The categories array must only contain unique values.", "categories"
    for args in [body, *(body.get("personalizations") or [])]:
        found = args.get("custom_args") if isinstance(args, dict) else None
        if len(str(found or "").encode()) > MOST_ARGUMENTS:
            yield "The custom_args may not be larger than 10,000 bytes.", "custom_args"
