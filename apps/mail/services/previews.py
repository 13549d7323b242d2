"""How a mail looks, before anybody gets it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from django.template.exceptions import TemplateDoesNotExist, TemplateSyntaxError

from apps.accounts.models import User
from apps.mail import letters
from apps.mail.catalogue import LANGUAGES, Mail, MissingVariable
from apps.mail.letters import Rendered
from apps.mail.models import Message
from apps.mail.services import messages
from apps.tenants.access import Operator

Mode = Literal["light", "dark"]
QUERY: Final = "@media (prefers-color-scheme: dark)"
FRAME: Final = {
    "preferences_url": "https://toolboxai.example/accounts/mail/",
    "unsubscribe_url": "https://toolboxai.example/mail/unsubscribe/x/",
}


def preview(*, mail: Mail, language: str, values: Mapping[str, Any] | None = None) -> Rendered:
    """The mail with `values`, or its sample. Raises `MissingVariable`."""
    frame = FRAME if mail.category.optional else {}
    return letters.render(mail, values or mail.sample, language=language, frame=frame)


def in_mode(html: str, mode: Mode) -> str:
    """The HTML as a mail program in light or dark mode shows it, whatever the browser is in."""
    shown = html.replace(QUERY, "@media all" if mode == "dark" else "@media not all")
    return shown.replace('content="light dark"', f'content="{mode}"').replace(
        "color-scheme: light dark", f"color-scheme: {mode}"
    )


def problems(mail: Mail) -> list[str]:
    """What is wrong with its template in any language; nothing, if all is well."""
    found = []
    for language, name in LANGUAGES.items():
        try:
            preview(mail=mail, language=language)
        except (MissingVariable, TemplateDoesNotExist, TemplateSyntaxError, KeyError) as error:
            found.append(f"{name}: {getattr(error, 'detail', '') or error}")
    return found


def recent(mail: Mail, *, limit: int = 5) -> list[Message]:
    """The newest real mails of this kind whose context is known."""
    rows = Message.objects.filter(template=mail.name).exclude(context="")
    return list(rows.order_by("-created_at")[:limit])


def send_test(*, mail: Mail, language: str, by: Operator, to: User) -> Message:
    """The sample, through the real way, to the operator's own address."""
    return messages.send(
        template=mail.name, to=to.email, context=letters.nested(mail.sample), by=by,
        schema_name="public", language=language,
    )  # fmt: skip
