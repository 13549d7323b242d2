"""Encryption of a whole file to one key, in the way of age (https://age-encryption.org/v1).

    magic (8)  ephemeral X25519 public key (32)  chunk … chunk

The file's key is HKDF-SHA256 (RFC 5869) over the X25519 secret, salted with both public keys; it
is used for this one file. Each chunk is AES-256-GCM over at most 256 KiB; its nonce is the
chunk's number and a byte that marks the last one (the STREAM construction), and the header is
bound in. So chunks can be neither changed, moved, dropped nor cut off unnoticed.
"""

from __future__ import annotations

import io
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from apps.transfers.errors import ExportDamaged, ExportSealed

MAGIC = b"TBXSEAL1"
PUBLIC_BYTES, TAG_BYTES = 32, 16
CHUNK = 256 * 1024
HEADER_BYTES = len(MAGIC) + PUBLIC_BYTES


def is_sealed(start: bytes) -> bool:
    """Whether a file that begins so is encrypted."""
    return start.startswith(MAGIC)


class Sealer(io.RawIOBase):
    """Writes encrypted to `target`. `close` writes the last chunk and leaves `target` open."""

    def __init__(self, target: IO[bytes], recipient: X25519PublicKey) -> None:
        ephemeral = X25519PrivateKey.generate()
        public = ephemeral.public_key().public_bytes_raw()
        self._header = MAGIC + public
        self._cipher = _cipher(ephemeral.exchange(recipient), public + recipient.public_bytes_raw())
        self._target, self._number, self._held = target, 0, bytearray()
        target.write(self._header)

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._held += data
        # One chunk is held back, since only `close` knows which is the last.
        while len(self._held) > CHUNK:
            self._seal(bytes(self._held[:CHUNK]), last=False)
            del self._held[:CHUNK]
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._seal(bytes(self._held), last=True)
        super().close()

    def _seal(self, plain: bytes, *, last: bool) -> None:
        nonce = _nonce(self._number, last=last)
        self._target.write(self._cipher.encrypt(nonce, plain, self._header))
        self._number += 1


class Opener(io.RawIOBase):
    """Reads what `Sealer` wrote. Raises `ExportSealed` when the first chunk does not open with
    this key, `ExportDamaged` when a later one does not or the last is missing.
    """

    def __init__(self, source: IO[bytes], private: X25519PrivateKey) -> None:
        self._header = source.read(HEADER_BYTES)
        if len(self._header) < HEADER_BYTES or not is_sealed(self._header):
            raise ExportDamaged("The file ends within its header.")
        public = self._header[len(MAGIC) :]
        own = private.public_key().public_bytes_raw()
        try:
            shared = private.exchange(X25519PublicKey.from_public_bytes(public))
        except ValueError as error:
            raise ExportDamaged("The file's header is not one that encryption makes.") from error
        self._cipher = _cipher(shared, public + own)
        self._source, self._number, self._plain = source, 0, b""
        self._next = source.read(CHUNK + TAG_BYTES)
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        if not self._plain and not self._ended:
            self._plain = self._open()
        part, self._plain = self._plain[: len(buffer)], self._plain[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)

    def _open(self) -> bytes:
        sealed, self._next = self._next, self._source.read(CHUNK + TAG_BYTES)
        self._ended = not self._next
        nonce = _nonce(self._number, last=self._ended)
        try:
            plain = self._cipher.decrypt(nonce, sealed, self._header)
        except InvalidTag as error:
            raise self._refusal() from error
        self._number += 1
        return plain

    def _refusal(self) -> ExportDamaged | ExportSealed:
        if self._number == 0:
            return ExportSealed("This key does not open the file, or its beginning was changed.")
        return ExportDamaged(f"Part {self._number + 1} of the encrypted file was changed or cut.")


def _cipher(shared: bytes, salt: bytes) -> AESGCM:
    derived = HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"toolboxai export v1")
    return AESGCM(derived.derive(shared))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
