"""How a key is written: `tbx_<environment>_`, 30 random characters, 6 of a checksum.

All in letters and digits, so that a double click takes the whole of it. The mark in front and the
CRC-32 at the end let scanners of repositories, and our own check, tell a key from chance and a
typing mistake from a key without asking anybody.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib
from typing import Final

MARK: Final = "tbx_"
DIGITS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM, CHECKSUM = 30, 6  # 178 bits; 62**6 is more than 2**32
SHOWN: Final = 4  # of the random characters, to recognise a key by
WRITTEN = re.compile(
    rf"(?P<body>tbx_(?P<environment>live|test)_[0-9A-Za-z]{{{RANDOM}}})"
    rf"(?P<checksum>[0-9A-Za-z]{{{CHECKSUM}}})"
)
# Keys made before there were environments: 32 random bytes and no checksum.
FORMER = re.compile(r"tbx_[A-Za-z0-9_-]{43}")


def generate(environment: str) -> str:
    """A new secret for `live` or `test`."""
    body = f"{MARK}{environment}_" + "".join(secrets.choice(DIGITS) for _ in range(RANDOM))
    return body + _checksum(body)


def prefix_of(secret: str) -> str:
    """What may be shown of it."""
    start = secret.rfind("_", 0, len(MARK) + 5) + 1
    return secret[: start + SHOWN]


def is_well_formed(secret: str) -> bool:
    """Whether it can be a key at all; nothing is looked up."""
    found = WRITTEN.fullmatch(secret)
    if found is None:
        return FORMER.fullmatch(secret) is not None
    return _checksum(found["body"]) == found["checksum"]


def digest(secret: str) -> str:
    """What is stored of it. Random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _checksum(body: str) -> str:
    number, text = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM):
        number, digit = divmod(number, len(DIGITS))
        text = DIGITS[digit] + text
    return text
