from __future__ import annotations

from apps.core.errors import Conflict, DomainError, NotAllowed


class SlugTaken(Conflict):
    code = "slug_taken"
    title = "This workspace address is taken"


class LastOwner(Conflict):
    code = "last_owner"
    title = "A workspace needs at least one owner"


class PermissionMissing(NotAllowed):
    code = "permission_missing"
    title = "Your role does not allow this"


class AlreadyMember(Conflict):
    code = "already_member"
    title = "This person is a member already"


class AlreadyInvited(Conflict):
    code = "already_invited"
    title = "This address has an invitation already"


class InvitationGone(DomainError):
    """Unknown, used, revoked or expired: a stranger with a link learns no more than that."""

    code = "invitation_gone"
    status = 410
    title = "This invitation does not open anything any more"

    def __init__(self, detail: str = "") -> None:
        super().__init__(
            detail
            or "It was used, withdrawn or has expired. Ask the person who invited you "
            "to send it again."
        )


class WrongAddress(NotAllowed):
    code = "invitation_for_another"
    title = "This invitation is for another address"


class TicketRefused(NotAllowed):
    code = "ticket_refused"
    title = "This way in has been used or has expired"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or "Open the workspace again from your list of workspaces.")


class NotRetryable(Conflict):
    code = "not_retryable"
    title = "There is nothing to try again"
