"""What all pages are made of: their templates, their policy, what forms hold."""

from __future__ import annotations

from datetime import datetime

import jinja2
from starlette.datastructures import FormData

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}


def size(count: int) -> str:
    """Bytes for people: 512 B, 37.2 kB, 12.0 MB."""
    if count < 1000:  # noqa: PLR2004
        return f"{count} B"
    kilo = count / 1000
    return f"{kilo:.1f} kB" if kilo < 1000 else f"{kilo / 1000:.1f} MB"  # noqa: PLR2004


def moment(text: str | None) -> str:
    return datetime.fromisoformat(text).strftime("%d %b %H:%M:%S") if text else "-"


def tone(status: int) -> str:
    """The colour of a status: 0 is a connection that closed without an answer."""
    if status == 0 or status >= 500:  # noqa: PLR2004
        return "bad"
    return "warn" if status >= 400 else "good"  # noqa: PLR2004


def event_tone(kind: str) -> str:
    if kind in {"bounce", "blocked", "dropped", "spamreport"}:
        return "bad"
    return "warn" if kind in {"deferred", "unsubscribe"} else "" if kind == "processed" else "good"


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sandbox.pages"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"size": size, "moment": moment, "tone": tone, "event_tone": event_tone}
    return environment


TEMPLATES = _environment()


def text_of(form: FormData, name: str) -> str:
    return str(form.get(name) or "").strip()


def number_of(form: FormData, name: str) -> int:
    """Raises `ValueError` with a sentence."""
    text = text_of(form, name)
    if not text.isdigit():
        raise ValueError(f"{name.replace('_', ' ')} must be a number, not {text!r}.")
    return int(text)
