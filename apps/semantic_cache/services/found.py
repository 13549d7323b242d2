"""What is asked, and what was found: the words that both places where answers are kept speak."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from apps.semantic_cache import embeddings

LONGEST = 1024  # characters: LangCache takes no longer prompt


@dataclass(frozen=True)
class Question:
    """`text` without superfluous spaces. `vector` is made when it is first asked for, once."""

    text: str
    scope: str
    corpus: str

    @cached_property
    def vector(self) -> list[float]:
        """Raises a `VendorError`."""
        return embeddings.embed([self.text])[0]

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.text.casefold().encode()).hexdigest()


@dataclass(frozen=True)
class Entry:
    """An answer (JSON) and the milliseconds that computing it took."""

    answer: Any
    cost: int


@dataclass(frozen=True)
class Found(Entry):
    """`similarity`: 1 for the same question."""

    similarity: float


def plain(text: str) -> str:
    """One form for texts that look the same, at most `LONGEST` characters."""
    return " ".join(unicodedata.normalize("NFKC", text).replace("\x00", "").split())[:LONGEST]
