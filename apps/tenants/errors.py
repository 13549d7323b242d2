from __future__ import annotations

from typing import Any

from apps.core.errors import Conflict, DomainError, NotAllowed, NotFound, VendorError


class SlugTaken(Conflict):
    code = "slug_taken"
    title = "This workspace address is taken"


class LastOwner(Conflict):
    code = "last_owner"
    title = "A workspace needs at least one owner"


class PermissionMissing(NotAllowed):
    code = "permission_missing"
    title = "Your role does not allow this"


class RoleBeyondReach(NotAllowed):
    """Nobody gives or takes a role that holds more than their own; `missing` names what it is."""

    code = "role_beyond_reach"
    title = "This role holds more than yours"


class RoleInUse(Conflict):
    """People or invitations have it; say which role they get instead."""

    code = "role_in_use"
    title = "Somebody has this role"


class RoleChanged(DomainError):
    """Somebody else has changed the role since it was read; `version` is the one in force."""

    code = "role_changed"
    status = 412
    title = "The role has changed since you read it"


class MfaRequired(NotAllowed):
    """The workspace asks people of your role for two-step sign-in, and you have none yet: set up a
    passkey or an authenticator app under Two-step sign-in in your account.
    """

    code = "mfa_required"
    title = "This workspace asks for two-step sign-in"


class TransferGone(NotFound):
    """It was answered, taken back, has expired, or is for somebody else."""

    code = "ownership_transfer_gone"
    title = "This offer does not stand any more"


class TransferUnderWay(Conflict):
    code = "ownership_transfer_under_way"
    title = "The workspace is offered to somebody already"


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


class WorkspaceNotReady(DomainError):
    code = "workspace_not_ready"
    status = 503
    title = "This workspace is being set up"


class WorkspaceSuspended(DomainError):
    """Reading and taking one's data along go on; nothing can be changed."""

    code = "workspace_suspended"
    status = 423
    title = "This workspace is suspended"


class WorkspaceReadOnly(DomainError):
    """It is not paid for: all is read as ever, nothing is changed. The answer names `billing_url`,
    where an owner pays.
    """

    code = "workspace_read_only"
    status = 423
    title = "This workspace is read-only for now"


class WorkspaceClosed(DomainError):
    """It is to be deleted. An owner can undo that until the day the answer names."""

    code = "workspace_closed"
    status = 410
    title = "This workspace is closed"


class AddressMoved(DomainError):
    """The workspace has another address; the answer names it as `moved_to`."""

    code = "address_moved"
    status = 421
    title = "This workspace has another address now"


class NotInThisState(Conflict):
    code = "not_in_this_state"
    title = "The workspace's state does not allow this"


class ConfirmationMissing(DomainError):
    code = "confirmation_missing"
    status = 422
    title = "Type the workspace's address to confirm"


class StillWorking(VendorError):
    """Jobs of the workspace are running; what waits for them is tried again."""

    code = "workspace_still_working"
    status = 503
    title = "The workspace still has running jobs"


class TooManyAddresses(Conflict):
    code = "too_many_addresses"
    title = "This workspace has changed its address too often"


class TooManyDomains(Conflict):
    code = "too_many_domains"
    title = "This workspace has as many domains as it may"


class DomainTaken(Conflict):
    code = "domain_taken"
    title = "This domain leads to a workspace already"


class DomainNotVerified(Conflict):
    """The record was not found; `record_name` and `record_value` say what to publish."""

    code = "domain_not_verified"
    title = "The domain's record was not found"


class ConfigurationConflict(Conflict):
    """Somebody else has changed the same settings since you looked.

    `conflicts`: setting to both values, {"theirs", "yours"}; `version`: the one in force.
    """

    code = "configuration_conflict"
    title = "Somebody else has changed the same settings"

    def __init__(self, *, version: int, conflicts: dict[str, dict[str, Any]]) -> None:
        names = ", ".join(conflicts)
        super().__init__(
            f"{names} changed since you looked; yours is not saved. Compare both and save again.",
            version=version,
            conflicts=conflicts,
        )
        self.version, self.conflicts = version, conflicts


class ConfigurationMoved(DomainError):
    """The configuration is no longer the version the request is about."""

    code = "configuration_moved"
    status = 412
    title = "The configuration has changed since you read it"

    def __init__(self, *, version: int) -> None:
        super().__init__(
            f"It is at version {version} now. Read it again, then send your change with its ETag.",
            version=version,
        )
        self.version = version
