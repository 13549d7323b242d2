"""A mail's template, filled in: one source for its text and its HTML.

The source has blocks, each plain text: subject, content (paragraphs between empty lines), and
where wanted heading, details (lines `name: value`), links (lines `words <address>`), code,
action_url, action_label and note.
`mail/design.txt` and `mail/design.mjml` put them into shape; the latter is MJML, which `mrml`
turns into HTML that mail programs show alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

import mrml
from django.conf import settings
from django.template import Context, Engine, Template
from django.template.loader_tags import BlockNode
from django.utils import translation

from apps.mail.catalogue import LANGUAGES, Mail, MissingVariable

EMPTY_LINES = re.compile(r"\n\s*\n")
NO_FONTS = mrml.RenderOptions(fonts={})


@dataclass(frozen=True)
class Letter:
    """A mail's words."""

    subject: str
    heading: str
    paragraphs: list[str]
    details: list[tuple[str, str]] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    code: str = ""
    action_url: str = ""
    action_label: str = ""
    note: str = ""

    @property
    def preview(self) -> str:
        """What lists of mails show beside the subject; never the code."""
        return self.paragraphs[0] if self.paragraphs else ""


@dataclass(frozen=True)
class Rendered:
    subject: str
    text: str
    html: str


class _Missing(str):
    """For Django's `string_if_invalid`: a hole becomes an error."""

    __slots__ = ()

    def __mod__(self, name: Any) -> str:
        raise MissingVariable(f"There is no {name}.")


class _Declared(dict[str, Any]):
    """Where a declared variable lies; another one is an error, in conditions, too."""

    def __missing__(self, name: str) -> Any:
        raise MissingVariable(f"There is no {name} among {', '.join(self)}.")


def render(
    mail: Mail, values: Mapping[str, Any], *, language: str, frame: Mapping[str, Any] | None = None
) -> Rendered:
    """`values` are `Mail.collect`'s; `frame` has what the design says below every mail: the
    `preferences_url` and `unsubscribe_url` of whom it is for. Raises `MissingVariable`.
    """
    with translation.override(language):
        letter = write(mail, values)
        around = {
            "letter": letter, "addresses": _addresses(values), "language": language[:2],
            "public_url": settings.PUBLIC_URL,
            "category": mail.category, "preferences_url": "", "unsubscribe_url": "",
            **(frame or {}),
        }  # fmt: skip
        text = _engine().get_template("mail/design.txt").render(Context(around, autoescape=False))
        mjml = _engine().get_template("mail/design.mjml").render(Context(around))
    html = mrml.to_html(mjml, render_options=NO_FONTS).content
    return Rendered(letter.subject, text.strip() + "\n", html)


def write(mail: Mail, values: Mapping[str, Any]) -> Letter:
    """The words, in the active language."""
    parts = _blocks(_engine().get_template(f"{mail.name}.txt"), nested(values))
    subject = " ".join(parts["subject"].split())
    return Letter(
        subject=subject,
        heading=" ".join(parts.get("heading", "").split()) or subject,
        paragraphs=[p.strip() for p in EMPTY_LINES.split(parts.get("content", "")) if p.strip()],
        details=[(name, value) for name, value in map(_detail, _lines(parts, "details")) if value],
        links=[_link(line) for line in _lines(parts, "links")],
        **{
            name: parts.get(name, "").strip()
            for name in ("code", "action_url", "action_label", "note")
        },
    )


def _addresses(values: Mapping[str, Any]) -> list[str]:
    """What the words of a mail may link to: variables that are addresses. Names are not, whatever
    somebody calls themselves or their workspace. The longest first.
    """
    known = {
        str(value)
        for path, value in values.items()
        if path.rpartition(".")[2].endswith("url")
        and str(value).startswith(("https://", "http://"))
    }
    return sorted(known, key=len, reverse=True)


def language_of(code: str) -> str:
    """The language of mails for what a person or a workspace chose, `en-gb` say."""
    return code if code[:2] == "en" else code[:2] if code[:2] in LANGUAGES else "en"


def _blocks(template: Template, values: dict[str, Any]) -> dict[str, str]:
    context = Context({"public_url": settings.PUBLIC_URL, **values}, autoescape=False)
    with context.render_context.push_state(template), context.bind_template(template):
        return {
            node.name: node.nodelist.render(context)
            for node in cast("list[BlockNode]", template.nodelist.get_nodes_by_type(BlockNode))
        }


def nested(values: Mapping[str, Any]) -> _Declared:
    """`{"tenant.name": …}` as the template's `tenant.name`."""
    root = _Declared()
    for path, value in values.items():
        *way, last = path.split(".")
        place = root
        for name in way:
            place = place.setdefault(name, _Declared())
        place[last] = value
    return root


def _lines(parts: Mapping[str, str], name: str) -> list[str]:
    return [line.strip() for line in parts.get(name, "").splitlines() if line.strip()]


def _link(line: str) -> tuple[str, str]:
    """The words, and the address or "" where it leads nowhere."""
    said, _, address = line.removesuffix(">").rpartition(" <")
    return (said, address) if said else (line, "")


def _detail(line: str) -> tuple[str, str]:
    name, _, value = line.partition(": ")
    return name.strip(), value.strip()


@cache
def _engine() -> Engine:
    return Engine(
        dirs=cast("list[str]", settings.TEMPLATES[0]["DIRS"]),
        string_if_invalid=_Missing("%s"),
        builtins=[
            "django.templatetags.i18n",
            "apps.mail.templatetags.mail_dates",
            "apps.mail.templatetags.mail_words",
        ],
    )
