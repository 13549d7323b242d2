from __future__ import annotations

from apps.core.errors import Conflict


class SenderDomainNotVerified(Conflict):
    """A record that is required was not found; `records` says of each what was."""

    code = "sender_domain_not_verified"
    title = "The domain's records are not all there"


class SenderDomainKnown(Conflict):
    code = "sender_domain_known"
    title = "This workspace has this domain already"
