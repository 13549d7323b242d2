"""Texts as vectors whose cosine says how near they are in meaning.

Made by an OpenAI-compatible endpoint where `EMBEDDINGS_API_URL` names one, else in this process
by wording alone. Vectors of different models mean nothing to each other: `model()` goes with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

from django.conf import settings

from apps.semantic_cache.embeddings import local, openai_api

Vector = list[float]


def embed(texts: Sequence[str]) -> list[Vector]:
    """One vector of `apps.answers.models.DIMENSIONS` numbers and length 1 for each text, in order.

    Raises a `VendorError` when the endpoint gives none.
    """
    vectors: list[Vector] = _source().embed(texts)
    return vectors


def model() -> str:
    """The name of what makes vectors now."""
    return str(_source().model())


def threshold() -> float:
    """The cosine from which two questions of this model count as the same."""
    return float(settings.SEMANTIC_CACHE_THRESHOLD or _source().THRESHOLD)


def noise() -> float:
    """The cosine that texts about different things reach, so that less than it means nothing."""
    return float(_source().NOISE)


def _source() -> ModuleType:
    return openai_api if settings.EMBEDDINGS_API_URL else local
