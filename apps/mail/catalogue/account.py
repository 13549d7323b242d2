"""Mails about a person's own account: allauth's, and ours beside them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from apps.mail.catalogue.kinds import CATEGORIES, Mail

AT = datetime(2026, 7, 10, 9, 30, tzinfo=UTC)
EMAIL = "teacher@lincoln.example"
WHERE = {"email": EMAIL, "timestamp": AT, "ip": "203.0.113.7", "user_agent": "Firefox on Windows"}


def _asked_for(name: str, title: str, secret: str, example: str, **about: Any) -> Mail:
    return Mail(
        f"account/email/{name}", title, CATEGORIES["account"], {"email": EMAIL, secret: example},
        secret=frozenset({secret}), **about,
    )  # fmt: skip


def _security(name: str, title: str, **more: Any) -> Mail:
    return Mail(name, title, CATEGORIES["security"], WHERE | more)


CODE: dict[str, Any] = {"secret": "code", "example": "4812 9035", "good_for": timedelta(minutes=10)}
CONFIRM = "https://toolboxai.example/accounts/confirm-email/Mg:1x/"
RESET = "https://toolboxai.example/accounts/password/reset/key/1-x/"
MAILS = (
    _asked_for("email_confirmation", "Verification", "activate_url", CONFIRM),
    _asked_for("email_confirmation_signup", "Verification at sign-up", "activate_url", CONFIRM),
    _asked_for("login_code", "Magic code", **CODE),
    _asked_for("step_up_code", "Code before a dangerous deed", **CODE),
    _asked_for("password_reset_key", "Password reset", "password_reset_url", RESET),
    _asked_for(
        "account_already_exists", "Sign-up with a known address", "password_reset_url", RESET
    ),
    Mail(
        "account/email/unknown_account", "Password reset without an account",
        CATEGORIES["account"],
        {"email": EMAIL, "signup_url": "https://toolboxai.example/accounts/signup/"},
    ),
    Mail(
        "account/email/new_device", "Security alert: new device", CATEGORIES["security"],
        {
            "email": EMAIL, "device": "Firefox on Windows", "address": "203.0.113.7",
            "timestamp": AT,
            "sessions_url": "https://toolboxai.example/accounts/sessions/",
        },
    ),
    _security("account/email/password_changed", "Security alert: password changed"),
    _security("account/email/password_reset", "Security alert: new password by mail"),
    _security("account/email/password_set", "Security alert: first password"),
    _security(
        "account/email/email_changed", "Security alert: e-mail changed",
        from_email="former@lincoln.example", to_email=EMAIL,
    ),
    _security("account/email/email_confirm", "Security alert: e-mail confirmed"),
    _security(
        "account/email/email_deleted", "Security alert: e-mail removed",
        deleted_email="former@lincoln.example",
    ),
    _security("mfa/email/recovery_codes_generated", "Security alert: recovery codes"),
    _security("mfa/email/totp_activated", "Security alert: authenticator app set up"),
    _security("mfa/email/totp_deactivated", "Security alert: authenticator app off"),
    _security("mfa/email/webauthn_added", "Security alert: passkey added"),
    _security("mfa/email/webauthn_removed", "Security alert: passkey removed"),
    _security(
        "socialaccount/email/account_connected", "Security alert: account connected",
        **{"provider.name": "Google"},
    ),
    _security(
        "socialaccount/email/account_disconnected", "Security alert: account disconnected",
        **{"provider.name": "Google"},
    ),
)  # fmt: skip
