"""An authenticator in software (WebAuthn level 3, sections 6.1 and 6.5), for the server's side."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Passkey:
    """One credential on one device; `verifies` is whether it asks for finger or PIN."""

    def __init__(self, *, verifies: bool = True) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)
        self.user_handle = b""
        self.rp_id = ""
        self.flags = PRESENT | (VERIFIED if verifies else 0)

    def create(self, options: dict[str, Any], *, origin: str) -> str:
        """The answer to `navigator.credentials.create(options)` on a page of `origin`."""
        asked = options["publicKey"]
        self.rp_id = asked["rp"]["id"]
        self.user_handle = websafe_decode(asked["user"]["id"])
        cose = cbor.encode(ES256.from_cryptography_key(self.key.public_key()))
        credential = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose
        data = self._data(self.flags | ATTESTED) + credential
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(
            {
                "clientDataJSON": _client_data("webauthn.create", asked, origin),
                "attestationObject": attestation,
            },
            {"credProps": {"rk": True}},
        )

    def get(self, options: dict[str, Any], *, origin: str) -> str:
        """The answer to `navigator.credentials.get(options)`."""
        client_data = _client_data("webauthn.get", options["publicKey"], origin)
        data = self._data(self.flags)
        signed = data + hashlib.sha256(client_data).digest()
        return self._answer(
            {
                "clientDataJSON": client_data,
                "authenticatorData": data,
                "signature": self.key.sign(signed, ec.ECDSA(hashes.SHA256())),
                "userHandle": self.user_handle,
            },
            {},
        )

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + bytes(4)

    def _answer(self, response: dict[str, bytes], extensions: dict[str, Any]) -> str:
        return json.dumps(
            {
                "id": websafe_encode(self.id),
                "rawId": websafe_encode(self.id),
                "type": "public-key",
                "authenticatorAttachment": "platform",
                "clientExtensionResults": extensions,
                "response": {name: websafe_encode(value) for name, value in response.items()},
            }
        )


def _client_data(kind: str, asked: dict[str, Any], origin: str) -> bytes:
    return json.dumps({"type": kind, "challenge": asked["challenge"], "origin": origin}).encode()
