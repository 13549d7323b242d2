"""DKIM (RFC 6376): the keys of customers' domains, and mail signed with them."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from email.charset import QP, Charset
from email.message import Message as Parsed
from typing import Final

import dkim
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from django.core.mail import EmailMultiAlternatives

KEY_BITS: Final = 2048  # what every large receiver reads; longer ones do not fit all panels
# Named twice: a second one that somebody adds on the way breaks the signature (RFC 6376, 8.15).
SIGNED: Final = [
    b"from", b"from", b"to", b"subject", b"subject", b"date", b"message-id", b"mime-version",
    b"content-type", b"list-unsubscribe", b"list-unsubscribe-post",
]  # fmt: skip
# Eight-bit bodies are rewritten by servers that only take seven, which breaks the signature.
SEVEN_BIT: Final = Charset("utf-8")
SEVEN_BIT.body_encoding = QP


@dataclass(frozen=True)
class Key:
    """`private` is PEM (PKCS #1); its public half stands at `<selector>._domainkey.<domain>`."""

    domain: str
    selector: str
    private: str


def new_private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    return key.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    ).decode()


def public_record(private: str) -> str:
    """The text of the TXT record for a private key (RFC 6376, 3.6.1)."""
    public = load_pem_private_key(private.encode(), password=None).public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"


class SignedMail(EmailMultiAlternatives):
    """A mail that is signed with `key` as it leaves, None for one that is not."""

    key: Key | None = None

    def message(self) -> Parsed:  # type: ignore[override]
        if self.key is None:
            return super().message()
        self.encoding = SEVEN_BIT
        made = super().message()
        # Written down before it is signed: only then its parts have their boundary.
        raw = made.as_bytes(linesep="\r\n")  # type: ignore[call-arg] # Django's own
        present = {name.lower().encode() for name in made}
        signature = dkim.sign(
            raw,
            self.key.selector.encode(),
            self.key.domain.encode(),
            self.key.private.encode(),
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=[name for name in SIGNED if name in present],
        )
        name, _, value = signature.decode().partition(":")
        made.set_raw(name, value.strip().replace("\r\n", "\n"))
        return made
