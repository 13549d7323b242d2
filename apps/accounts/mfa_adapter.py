"""How allauth's two-step sign-in joins the product."""

from __future__ import annotations

from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings

from apps.core import encryption

CONTEXT = "public/mfa_authenticator.data"


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of authenticator apps and seeds of recovery codes are encrypted at rest; a passkey
    belongs to the parent domain of all hosts.
    """

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text, context=CONTEXT)

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.decrypt(encrypted_text, context=CONTEXT)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": settings.MFA_RELYING_PARTY, "name": settings.MFA_TOTP_ISSUER}
