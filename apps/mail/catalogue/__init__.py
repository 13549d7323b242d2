"""Every mail the product sends, each declared once."""

from __future__ import annotations

from typing import Final

from apps.core.errors import NotFound
from apps.mail.catalogue import account, billing, product, workspace
from apps.mail.catalogue.kinds import (
    BROADCAST,
    CATEGORIES,
    LANGUAGES,
    STREAMS,
    TRANSACTIONAL,
    Category,
    Mail,
    MissingVariable,
)

__all__ = [
    "BROADCAST", "CATEGORIES", "LANGUAGES", "MAILS", "STREAMS", "TRANSACTIONAL", "Category",
    "Mail", "MissingVariable", "find",
]  # fmt: skip

MAILS: Final[dict[str, Mail]] = {
    mail.name: mail
    for part in (account, workspace, product, billing)
    for mail in part.MAILS
}  # fmt: skip


def find(name: str) -> Mail:
    """By its name. Raises `NotFound` for one that is not declared."""
    try:
        return MAILS[name]
    except KeyError as error:
        raise NotFound(f"There is no mail {name}: declare it in apps/mail/catalogue.") from error
