"""Who gets in where no permission of a workspace decides: address by address.

`""` is both hosts. What ends in `…` covers everything below; nothing below `accounts/`, `_allauth/`
and `scim/` is covered like that, so that what a new version of a library brings is looked at first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final


class Door(StrEnum):
    ANYONE = "anyone"
    PERSON = "anyone signed in"
    FLOW = "whoever is in the middle of it: signing in, confirming an address"
    PROOF = "whoever brings its own proof: a ticket, token or signature"
    OPERATOR = "operators, after their one-time code"
    NOBODY = "nobody: the product has no such thing"


_PAGES: Final = {
    Door.ANYONE: """
        login/ login/code/ signup/ logout/ inactive/ password/reset/ password/reset/done/
        password/reset/key/done/ confirm-email/ 2fa/webauthn/login/ connected/login/cancelled/
        connected/login/error/
    """,
    Door.PERSON: """
        2fa/ 2fa/reauthenticate/ 2fa/recovery-codes/ 2fa/recovery-codes/download/
        2fa/recovery-codes/generate/ 2fa/totp/activate/ 2fa/totp/deactivate/ 2fa/webauthn/
        2fa/webauthn/add/ 2fa/webauthn/keys/<int:pk>/edit/ 2fa/webauthn/keys/<int:pk>/remove/
        2fa/webauthn/reauthenticate/ connected/ email/ mail/ mail/again/ password/change/
        password/set/ reauthenticate/ sessions/ sessions/<uuid:pk>/end/ sessions/others/end/
    """,
    Door.FLOW: "2fa/authenticate/ 2fa/trust/ login/code/confirm/ connected/signup/",
    Door.PROOF: "confirm-email/<key>/ password/reset/key/<uidb36>-<key>/",
}
# The same flows as JSON, for browsers and for programs.
_JSON: Final = {
    Door.ANYONE: """
        config auth/login auth/signup auth/session auth/code/request auth/password/request
        auth/webauthn/login auth/provider/redirect auth/provider/token
    """,
    Door.PERSON: """
        account/authenticators account/authenticators/recovery-codes account/authenticators/totp
        account/authenticators/webauthn account/email account/password/change account/providers
        auth/reauthenticate auth/2fa/reauthenticate auth/webauthn/reauthenticate
    """,
    Door.FLOW: """
        auth/2fa/authenticate auth/2fa/trust auth/code/confirm auth/code/resend
        auth/email/verify/resend auth/provider/signup auth/webauthn/authenticate
    """,
    Door.PROOF: "auth/email/verify auth/password/reset tokens/refresh",
    Door.NOBODY: "account/phone auth/phone/verify auth/phone/verify/resend",
}
_PUBLIC: Final = {
    Door.ANYONE: """
        accounts/github/login/ accounts/google/login/ accounts/oidc/<provider_id>/login/ docs/…
        outbox/… pricing/
    """,
    Door.PERSON: "workspaces/… pricing/start/",
    Door.PROOF: """
        accounts/github/login/callback/ accounts/google/login/callback/
        accounts/google/login/token/ accounts/oidc/<provider_id>/login/callback/ metrics apps/…
        internal/tls/ask invitations/… mail/events/sendgrid/ mail/unsubscribe/<str:token>/
        stripe/webhook/<uuid:endpoint>/
    """,
    Door.OPERATOR: "operator/…",
}
_WORKSPACE: Final = {
    Door.ANYONE: """
        accounts/sso/login/ api/ api/v1/schema/ api/v1/docs/ api/v1/redoc/ branding/… scim/
        scim/v2/ServiceProviderConfig scim/v2/Schemas scim/v2/Schemas/<str:schema>
        scim/v2/ResourceTypes scim/v2/ResourceTypes/<str:name>
    """,
    Door.PROOF: """
        accounts/sso/callback/ accounts/sso/link/<str:token>/ api/v1/tokens/…
        api/v1/exports/<pk>/file/ enter/ impersonation/enter/ impersonation/end/ join/…
        scim/v2/Users scim/v2/Users/<str:resource_id> scim/v2/Groups
        scim/v2/Groups/<str:resource_id>
    """,
}
_BOTH: Final = {Door.ANYONE: "healthz help/…", Door.PROOF: "realtime/…"}


def find(host: str, route: str) -> Door | None:
    """Who gets in at an address of `host`; None for one that nobody has thought of."""
    exact = DOORS.get((host, route)) or DOORS.get(("", route))
    below = (
        door
        for (where, start), door in DOORS.items()
        if where in {"", host} and start.endswith("…") and route.startswith(start[:-1])
    )
    return exact or next(below, None)


def _written() -> Iterator[tuple[tuple[str, str], Door]]:
    yield ("public", ""), Door.ANYONE
    for host, start, doors in (
        ("", "accounts/", _PAGES), ("", "_allauth/app/v1/", _JSON),
        ("", "_allauth/browser/v1/", _JSON), ("public", "", _PUBLIC),
        ("workspace", "", _WORKSPACE), ("", "", _BOTH),
    ):  # fmt: skip
        for door, routes in doors.items():
            for route in routes.split():
                yield (host, start + route), door


DOORS: Final[Mapping[tuple[str, str], Door]] = dict(_written())
