"""A written mail as it is handed to a mail service: its parts and its headers."""

from __future__ import annotations

from typing import Final

from django.utils import translation

from apps.mail import letters
from apps.mail.catalogue import BROADCAST
from apps.mail.models import Message
from apps.mail.sender_records import sending_domain
from apps.mail.services import choices
from apps.mail.signatures import SignedMail

# Nobody's absence is to be told to a program (RFC 3834, section 5.1); Exchange asks for a word of
# its own: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcmail
NO_ANSWERS: Final = {
    "Auto-Submitted": "auto-generated",
    "X-Auto-Response-Suppress": "OOF, AutoReply",
}


def wrap(message: Message) -> SignedMail:
    """The mail, which carries the same `Message-ID` however often it is handed over."""
    mail = SignedMail(
        subject=_subject(message), body=message.text, to=[message.to], headers=_headers(message)
    )
    mail.attach_alternative(message.html, "text/html")
    mail.metadata = {"message": str(message.pk)}  # type: ignore[attr-defined] # Anymail's
    mail.tags = [message.category or "mail"]  # type: ignore[attr-defined]
    if message.kind is not None and message.kind.secret:
        # A link that opens an account leads there, not by way of the service's counter of clicks.
        mail.track_clicks = False  # type: ignore[attr-defined]
    return mail


def shown_subject(message: Message) -> str:
    """The subject as the log keeps it: without a code that stands in it."""
    return _written(message, secret=False) or message.subject


def _subject(message: Message) -> str:
    return _written(message, secret=True) or message.subject


def _written(message: Message, *, secret: bool) -> str:
    """The subject of a mail that has a secret, as its template writes it; else ""."""
    kind = message.kind
    if kind is None or not kind.secret or not message.context:
        return ""
    values = message.values if secret else kind.without_secrets(message.values)
    with translation.override(message.language):
        return letters.write(kind, values).subject[:200]


def _headers(message: Message) -> dict[str, str]:
    """Receivers show a mail once whose `Message-ID` comes twice, as where a worker was killed
    before it could note that it had handed it over.
    """
    headers = {
        "Message-ID": f"<{message.pk}@{sending_domain()}>",
        "X-Message-Id": str(message.pk),
        **NO_ANSWERS,
    }
    if message.stream == BROADCAST:
        headers["Precedence"] = "bulk"
    if address := choices.address_of(message):
        # RFC 8058: mail programs unsubscribe with one POST, without a page.
        headers["List-Unsubscribe"] = f"<{address}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers
