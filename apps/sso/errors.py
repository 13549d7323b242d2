"""What can go wrong on the way in."""

from __future__ import annotations

from apps.core.errors import DomainError, NotAllowed, NotFound


class SsoNotSetUp(NotFound):
    code = "sso_not_set_up"
    title = "This workspace has no sign-in of its own"


class SsoRequired(NotAllowed):
    code = "sso_required"
    title = "This workspace has a sign-in of its own"


class SsoRefused(NotAllowed):
    """The issuer let the person in, the workspace does not."""

    code = "sso_refused"
    title = "You are not let in"


class SsoFailed(DomainError):
    """The answer cannot be used: too old, forged, for somebody else, or not what was promised."""

    code = "sso_failed"
    status = 400
    title = "That sign-in did not work"


class IssuerUnusable(DomainError):
    """What the issuer publishes, or how it answers, does not work. `detail` says what to change."""

    code = "sso_issuer_unusable"
    status = 422
    title = "The issuer cannot be used"


class LinkSpent(DomainError):
    code = "sso_link_spent"
    status = 410
    title = "This link is no longer good"
