"""Vectors out of the wording alone: no model, no network, the same on every machine.

Feature hashing (Weinberger et al., 2009, https://arxiv.org/abs/0902.2206): each word, pair of
neighbouring words and run of letters adds to one number of the vector, with a sign of its own.
Words shared by two questions bring them together, runs of letters bring together forms of a word
and misspellings. It knows no synonyms; tests/integration/semantic_cache measures what it can do.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from apps.answers.models import DIMENSIONS

# Above what questions about different things reach among the measured ones, below most paraphrases.
THRESHOLD = 0.84
NOISE = 0.12
WORD, PAIR, LETTERS = 1.0, 0.4, 0.35
RUN = 3
WORDS = re.compile(r"[^\W_]+")
# What a question is made of whatever it is about. "not", "without", "off" and their like count.
FILLERS = frozenset(
    [
        "a",
        "about",
        "am",
        "an",
        "and",
        "any",
        "are",
        "at",
        "be",
        "been",
        "being",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "get",
        "had",
        "has",
        "have",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "let",
        "may",
        "me",
        "might",
        "must",
        "my",
        "of",
        "one",
        "or",
        "our",
        "please",
        "shall",
        "she",
        "should",
        "so",
        "some",
        "tell",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "to",
        "us",
        "want",
        "was",
        "way",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "wish",
        "would",
        "you",
        "your",
        "s",
        "m",
        "ve",
        "re",
        "d",
        "ll",
        "t",
    ]
)
ENDINGS = ("ations", "ation", "ings", "ing", "ies", "ied", "ed", "es", "s", "e")
SHORTEST_STEM = 3


def model() -> str:
    """Changes with the code above: vectors of another version are not compared with it."""
    return "local-wording-1"


def embed(texts: Sequence[str]) -> list[list[float]]:
    return [_vector(text) for text in texts]


def _vector(text: str) -> list[float]:
    vector = [0.0] * DIMENSIONS
    for feature, weight in _features(text):
        place, sign = _slot(feature)
        vector[place] += sign * weight
    length = math.sqrt(sum(number * number for number in vector))
    return [number / length for number in vector] if length else vector


def _features(text: str) -> Iterator[tuple[str, float]]:
    plain = unicodedata.normalize("NFKC", text).casefold()
    words = WORDS.findall(plain)
    told = [_stem(word) for word in words if word not in FILLERS]
    for word in told:
        yield f"w {word}", WORD
    # Across the words: "roll back" and "rollback" are the same to whoever asks.
    letters = f"<{''.join(told)}>" if told else ""
    for start in range(len(letters) - RUN + 1):
        yield f"l {letters[start : start + RUN]}", LETTERS
    for first, second in pairwise(told):
        yield f"p {first} {second}", PAIR
        yield f"w {first}{second}", PAIR


def _stem(word: str) -> str:
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM:
            return word.removesuffix(ending)
    return word


@lru_cache(maxsize=50_000)
def _slot(feature: str) -> tuple[int, float]:
    number = int.from_bytes(hashlib.blake2b(feature.encode(), digest_size=8).digest(), "big")
    return number % DIMENSIONS, 1.0 if number >> 63 else -1.0
