"""Signing in with an account elsewhere. Who has a client id and a secret has a button."""

from typing import Any

from .environment import ENV

# Answers come to the public host only, the one address that vendors are told of.
SOCIALACCOUNT_ADAPTER = "apps.accounts.social_adapter.SocialAccountAdapter"
SOCIALACCOUNT_FORMS = {"signup": "apps.accounts.forms.SocialSignupForm"}
SOCIALACCOUNT_AUTO_SIGNUP = True
# Known by an address both sides have verified; SocialAccountAdapter has the rule.
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10


def _apps(client_id: str, secret: str, **about: Any) -> list[dict[str, Any]]:
    return [{"client_id": client_id, "secret": secret, **about}] if client_id and secret else []


_roblox = _apps(
    ENV.roblox_client_id, ENV.roblox_client_secret.get_secret_value(),
    provider_id="roblox", name="Roblox",
    # Roblox gives no address to most clients: the person is asked for one, and verifies it.
    settings={"server_url": ENV.roblox_issuer, "scope": ["openid", "profile"]},
)  # fmt: skip
_oidc = _apps(
    ENV.oidc_client_id, ENV.oidc_client_secret.get_secret_value(),
    provider_id="sso", name=ENV.oidc_name,
    settings={"server_url": ENV.oidc_issuer, "email_authentication": True},
)  # fmt: skip
SOCIALACCOUNT_PROVIDERS = {
    "google": {
        "APPS": _apps(ENV.google_client_id, ENV.google_client_secret.get_secret_value()),
        "SCOPE": ["openid", "profile", "email"],
        "OAUTH_PKCE_ENABLED": True,
        "EMAIL_AUTHENTICATION": True,
    },
    "github": {
        "APPS": _apps(ENV.github_client_id, ENV.github_client_secret.get_secret_value()),
        "SCOPE": ["read:user", "user:email"],
        "OAUTH_PKCE_ENABLED": True,
        "EMAIL_AUTHENTICATION": True,
    },
    "openid_connect": {
        "APPS": _roblox + (_oidc if ENV.oidc_issuer else []),
        "OAUTH_PKCE_ENABLED": True,
    },
}
