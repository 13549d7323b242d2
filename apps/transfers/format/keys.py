"""Keys as people pass them on: `ed25519:…` names an installation, `x25519:…` a recipient.

All are 32 bytes in base64. Signatures are Ed25519 (RFC 8032) over a fixed line and the manifest's
bytes, so that a signature given for something else is none of an export.
"""

from __future__ import annotations

import base64

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from apps.transfers.errors import BadKey

KEY_BYTES = 32
SIGNER, RECIPIENT, OPENER = "ed25519", "x25519", "x25519-private"
DOMAIN = b"ToolBoxAI export manifest, version 1\n"


def make_signing_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def make_opener() -> tuple[str, str]:
    """A new pair for encrypted exports: the public text to hand out, the private one to keep."""
    private = X25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    return _text(RECIPIENT, public), _text(OPENER, private.private_bytes_raw())


def signer_text(key: Ed25519PrivateKey) -> str:
    """How the installation that holds `key` is named."""
    return _text(SIGNER, key.public_key().public_bytes_raw())


def sign(key: Ed25519PrivateKey, manifest: bytes) -> str:
    return base64.b64encode(key.sign(DOMAIN + manifest)).decode()


def is_signed(signer: str, signature: str, manifest: bytes) -> bool:
    """Whether `signature` (base64) is the one of the installation `signer`. Raises `BadKey`."""
    public = Ed25519PublicKey.from_public_bytes(_bytes(SIGNER, signer))
    try:
        public.verify(base64.b64decode(signature, validate=True), DOMAIN + manifest)
    except (InvalidSignature, ValueError):
        return False
    return True


def check_signer(text: str) -> str:
    """The text in its one spelling. Raises `BadKey`."""
    return _text(SIGNER, _bytes(SIGNER, text))


def check_recipient(text: str) -> str:
    """As `check_signer`, for the key an export is encrypted to."""
    raw = _bytes(RECIPIENT, text)
    try:
        X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(raw))
    except ValueError as error:  # one of the few points that everybody shares a secret with
        raise BadKey("Nothing can be encrypted to this key; make one with keygen.") from error
    return _text(RECIPIENT, raw)


def recipient(text: str) -> X25519PublicKey:
    return X25519PublicKey.from_public_bytes(_bytes(RECIPIENT, text))


def opener(text: str) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(_bytes(OPENER, text))


def _text(kind: str, raw: bytes) -> str:
    return f"{kind}:{base64.b64encode(raw).decode()}"


def _bytes(kind: str, text: str) -> bytes:
    found, _, body = text.strip().partition(":")
    try:
        raw = base64.b64decode(body, validate=True)
    except ValueError:  # of base64, or of letters that are none of ASCII's
        raw = b""
    if found != kind or len(raw) != KEY_BYTES:
        raise BadKey(f"A key of this kind reads {kind}: and 44 letters and digits after it.")
    return raw
