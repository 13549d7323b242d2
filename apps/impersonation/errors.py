from __future__ import annotations

from apps.core.errors import NotAllowed


class CannotImpersonate(NotAllowed):
    code = "cannot_impersonate"
    title = "Nobody can be in as this person"


class ClosedToOperators(NotAllowed):
    """Accounts, secrets, keys and exports are for the person alone."""

    code = "closed_to_operators"
    title = "This is closed to operators"


class LookingOnly(NotAllowed):
    """An operator who is in as somebody else looks, unless they said why they change things."""

    code = "looking_only"
    title = "You are here to look"


class ImpersonationOver(NotAllowed):
    code = "impersonation_over"
    title = "Your time as somebody else is over"
