from __future__ import annotations

from apps.core.errors import DomainError, NotAllowed


class StepUpRequired(NotAllowed):
    """What you ask for needs a proof, a few minutes old at most, that it is you. On a page you
    are asked for it; with a token, send your password or a code to /api/v1/tokens/confirm/.
    """

    code = "step_up_required"
    title = "Confirm that it is you"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or "Confirm that it is you, then send the same again.")


class TokenRefused(DomainError):
    """The token is unknown here, too old or used up, or its session is over: sign in again. A
    refresh token is good for one exchange; using it twice ends its session.
    """

    code = "token_refused"
    status = 401
    title = "This token opens nothing here"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or "It is too old, used up or ended. Sign in again.")


class CredentialsRefused(DomainError):
    code = "credentials_refused"
    status = 401
    title = "E-mail and password do not fit together"


class MfaCodeRequired(DomainError):
    """The person has switched two-step sign-in on: send `code` along, from the authenticator app
    or one of the recovery codes.
    """

    code = "mfa_code_required"
    status = 401
    title = "A code is needed, too"


class MfaCodeRefused(DomainError):
    code = "mfa_code_refused"
    status = 401
    title = "This code is not right, or was used already"


class EmailUnverified(NotAllowed):
    code = "email_unverified"
    title = "Confirm your e-mail address first"
