"""Two-step sign-in (allauth.mfa), confirming that it is still the same person."""

from .environment import PUBLIC, PUBLIC_HOST

# For how long a sign-in, or a confirmation since, is enough for a dangerous deed.
STEP_UP_SECONDS = 10 * 60
STEP_UP_CODE_SECONDS = 10 * 60

ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = STEP_UP_SECONDS
MFA_ADAPTER = "apps.accounts.mfa_adapter.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "ToolBoxAI"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_PASSKEY_LOGIN_ENABLED = True
# One passkey opens the public host and every workspace below it (WebAuthn, section 5.1.2).
MFA_RELYING_PARTY = PUBLIC_HOST
# Browsers take a passkey on `localhost` without TLS, and on no other such host.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = PUBLIC.scheme != "https"
# "Remember this device": a signed cookie of the host it was asked on.
MFA_TRUST_ENABLED = True
