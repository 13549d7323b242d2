"""Whom a workspace's mail comes from."""

from __future__ import annotations

from apps.mail.anymail_api import Sender
from apps.mail.sender_models import SenderDomain
from apps.mail.signatures import Key


def of(schema_name: str) -> Sender | None:
    """The workspace's own sender; None leaves it to the product's, as long as no domain of the
    workspace's is verified.
    """
    rows = SenderDomain.objects.of_workspace(schema_name).verified()
    domain = rows.filter(is_chosen=True).select_related("tenant").first()
    if domain is None:
        return None
    key = Key(domain.domain, domain.selector, domain.private_key) if domain.private_key else None
    return Sender(domain.sender_name, domain.address, domain.signer, key)
