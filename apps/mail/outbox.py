"""Mail that stays on this machine: one `.eml` file a message, newest name last."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage as ParsedMail
from email.policy import default as modern
from pathlib import Path
from typing import cast

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.urls import reverse
from django.utils import timezone

NAME = re.compile(r"^\d{8}T\d{12}-[0-9a-f]{8}$")


class OutboxBackend(BaseEmailBackend):
    """Django's EMAIL_BACKEND where no mail service is set up."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            write(message.message().as_bytes())
        return len(email_messages)


def write(raw: bytes) -> str:
    """Keep one message whole or not at all; returns its name in the outbox."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{timezone.now():%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
    unfinished = folder / f".{name}.part"
    unfinished.write_bytes(raw)
    unfinished.replace(folder / f"{name}.eml")
    return name


@dataclass(frozen=True)
class Letter:
    """A message in the outbox, read."""

    name: str
    raw: bytes

    @property
    def url(self) -> str:
        return reverse("outbox_message", args=[self.name])

    @property
    def mail(self) -> ParsedMail:
        return message_from_bytes(self.raw, policy=modern)

    @property
    def subject(self) -> str:
        return str(self.mail["Subject"] or "(no subject)")

    @property
    def sender(self) -> str:
        return str(self.mail["From"] or "")

    @property
    def to(self) -> str:
        return str(self.mail["To"] or "")

    @property
    def sent_at(self) -> datetime:
        return timezone.make_aware(
            datetime.strptime(self.name.partition("-")[0], "%Y%m%dT%H%M%S%f"),  # noqa: DTZ007
            timezone.get_default_timezone(),
        )

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [(name, str(value)) for name, value in self.mail.items()]

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.mail.get_body(preferencelist=(kind,))
        return cast("str", part.get_content()) if part else ""


def names() -> list[str]:
    """All messages by name, newest first."""
    return sorted((path.stem for path in _folder().glob("*.eml")), reverse=True)


def read(name: str) -> Letter | None:
    """The message of this name, or None when there is none or the name is no such name."""
    if not NAME.match(name):
        return None
    try:
        return Letter(name, (_folder() / f"{name}.eml").read_bytes())
    except FileNotFoundError:
        return None


def _folder() -> Path:
    return Path(settings.MAIL_OUTBOX_DIR)
