"""Believable stand-ins for what is personal: the same for the same original and seed, and no way
back to the original without the installation's own key.

Shapes are kept: so many words, such lengths, capitals, line breaks and punctuation, so that a
page looks and breaks as it did.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID


def _listed(name: str) -> list[str]:
    return (Path(__file__).parent / "words" / f"{name}.txt").read_text().split()


FIRST = _listed("first_names")
LAST = _listed("last_names")
WORDS = _listed("words")
_BY_LENGTH: dict[int, list[str]] = {}
for _word in WORDS:
    _BY_LENGTH.setdefault(len(_word), []).append(_word)
_LETTERS = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(r"\d+")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
CODE_LETTERS = "CDFGHJKMNPQRTVWX34679"
DOMAINS = ("example.org", "example.com", "example.net")
FIRST_ID, IDS = 9_000_000_000, 900_000_000_000


class MadeUp:
    """One seed's stand-ins. `key` is secret, so that nobody can try originals out."""

    def __init__(self, key: bytes, seed: str) -> None:
        self._key = hmac.digest(key, f"clone:{seed}".encode(), "sha256")

    def email(self, original: str) -> str:
        number = self._number("email", original.lower())
        first, last = FIRST[number % len(FIRST)], LAST[number // 64 % len(LAST)]
        mark = number // 4096 % 100_000
        return f"{first}.{last}{mark}@{DOMAINS[number % len(DOMAINS)]}".lower()

    def actor(self, original: str) -> str:
        """Who did something: an address, an operator's, a key's name, or the system."""
        if original in {"", "system"}:
            return original
        found = _EMAIL.search(original)
        if found:
            return original.replace(found[0], self.email(found[0]))
        return self.prose(original)

    def title(self, original: str) -> str:
        return self.prose(original)

    def prose(self, original: str) -> str:
        """Other words of the same lengths, other digits; the rest stays."""
        parts = re.split(f"({_EMAIL.pattern})", original)
        return "".join(
            self.email(part) if _EMAIL.fullmatch(part) else self._words(part) for part in parts
        )

    def slug(self, original: str) -> str:
        number = self._number("slug", original)
        return (
            f"{self._words(original.split('-', maxsplit=1)[0])}-{number % 0xFFFF_FFFF:08x}".lower()[
                :60
            ]
        )

    def filename(self, original: str) -> str:
        stem, dot, ending = original.rpartition(".")
        return self.prose(stem) + dot + ending if dot else self.prose(original)

    def person_id(self, original: str) -> str:
        digest = hmac.digest(self._key, f"person:{original}".encode(), "sha256")
        return str(UUID(bytes=digest[:16], version=4))

    def class_code(self, original: str) -> str:
        """As long, of letters and digits that codes are made of."""
        drawn = hmac.digest(self._key, f"code:{original}".encode(), "sha256")
        return "".join(CODE_LETTERS[byte % len(CODE_LETTERS)] for byte in drawn[: len(original)])

    def vendor_id(self, original: str) -> str:
        """A number as long as Roblox's newest, and nobody's yet."""
        return str(FIRST_ID + self._number("id", original) % IDS)

    def texts(self, value: Any) -> Any:
        """All texts within JSON, under whatever names."""
        if isinstance(value, str):
            return self.prose(value)
        if isinstance(value, list):
            return [self.texts(each) for each in value]
        if isinstance(value, dict):
            return {name: self.texts(each) for name, each in value.items()}
        return value

    def _words(self, text: str) -> str:
        text = _LETTERS.sub(lambda found: self._word(found[0]), text)
        return _DIGITS.sub(lambda found: self._digits(found[0]), text)

    def _digits(self, original: str) -> str:
        """As many other digits, all of them from the key: a telephone number is not to be had
        back by reckoning.
        """
        number = self._number("digits", original)
        drawn = hashlib.shake_256(number.to_bytes(8, "big")).digest(len(original))
        made = "".join(str(byte % 10) for byte in drawn)
        return made if made != original else made[:-1] + str((int(made[-1]) + 1) % 10)

    def _word(self, original: str) -> str:
        number, length = self._number("word", original.lower()), len(original)
        choices = _BY_LENGTH.get(length)
        if choices is None:
            letters = "etaoinshrdlu"
            digest = hashlib.shake_256(number.to_bytes(8, "big")).digest(length)
            made = "".join(letters[byte % len(letters)] for byte in digest)
        else:
            made = choices[number % len(choices)]
        return _like(original)(made)

    def _number(self, kind: str, original: str) -> int:
        digest = hmac.digest(self._key, f"{kind}:{original}".encode(), "sha256")
        return int.from_bytes(digest[:8], "big")


def _like(original: str) -> Callable[[str], str]:
    if len(original) > 1 and original.isupper():
        return str.upper
    return str.capitalize if original[0].isupper() else str
