"""Two-step sign-in (allauth.mfa), confirming that it is still the same person."""

from datetime import timedelta

from config.env import parse_keyring

from .environment import ENV, PUBLIC, PUBLIC_HOST

# For how long a sign-in, or a confirmation since, is enough for a dangerous deed.
STEP_UP_SECONDS = 10 * 60
STEP_UP_CODE_SECONDS = 10 * 60

ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = STEP_UP_SECONDS
# Secrets on their way into an authenticator app are encrypted in the session.
SESSION_ENGINE = "apps.accounts.session_store"
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
MFA_TRUST_COOKIE_NAME = "__Host-trusted" if PUBLIC.scheme == "https" else "trusted"
MFA_FORMS = {"add_webauthn": "apps.accounts.passkeys.AddPasskeyForm"}

# A session ends unused for this long, and altogether after that; a workspace may want less.
SESSION_IDLE = timedelta(days=14)
SESSION_ABSOLUTE = timedelta(days=60)
# An operator's, once its one-time code was given.
OPERATOR_SESSION_IDLE = timedelta(minutes=30)
OPERATOR_SESSION_ABSOLUTE = timedelta(hours=12)
SESSION_NOTED_EVERY_SECONDS = 60
# For how long a person's devices are remembered.
SESSION_HISTORY = timedelta(days=90)
SESSION_COOKIE_AGE = int(SESSION_ABSOLUTE.total_seconds())

# Tokens (JWT) for apps and scripts.
TOKEN_SIGNING_KEYS = parse_keyring(ENV.token_signing_keys.get_secret_value())
ACCESS_TOKEN_SECONDS = 10 * 60
# How long a process and the shared cache go by what they know of a token's session. A change is
# told to the cache at once.
TOKEN_MEMORY_SECONDS = 0.0 if ENV.toolboxai_env == "test" else 1.0
TOKEN_CACHE_SECONDS = 30
