from __future__ import annotations

from apps.core.errors import Conflict


class SenderDomainNotVerified(Conflict):
    """A record that is required was not found; `records` says of each what was."""

    code = "sender_domain_not_verified"
    title = "The domain's records are not all there"


class SenderDomainNotReady(Conflict):
    """SendGrid has not said yet which records it wants; `problem` of the domain says why not."""

    code = "sender_domain_not_ready"
    title = "The domain is still being set up"


class SenderDomainKnown(Conflict):
    code = "sender_domain_known"
    title = "This workspace has this domain already"


class NothingFailed(Conflict):
    code = "sender_domain_not_failed"
    title = "There is nothing to try again"
