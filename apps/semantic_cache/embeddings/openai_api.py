"""Any endpoint that makes embeddings as OpenAI's does, the only module that speaks to it.

Contract: https://platform.openai.com/docs/api-reference/embeddings/create. `EMBEDDINGS_API_URL`
ends before `/embeddings`, as the base URL of OpenAI's own clients does. Servers of open models
(vLLM, Ollama, llama.cpp, TEI) answer the same way.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from django.conf import settings

from apps.answers.models import DIMENSIONS
from apps.core.errors import VendorError
from apps.core.outgoing import Timeouts, Vendor

# What models of this kind give for the same question in other words; tune it for yours.
THRESHOLD = 0.9
NOISE = 0.2
AT_ONCE = 64
EMBEDDINGS = Vendor(
    "embeddings",
    base_url_setting="EMBEDDINGS_API_URL",
    # Somebody waits for an answer that can be had without: rather none than a late one.
    timeouts=Timeouts(connect=2, read=8, write=4, total=10),
    attempts=2,
)


class EmbeddingsUnusable(VendorError):
    """The endpoint answered with something else than one vector for each text."""

    code = "embeddings_unusable"
    title = "The embeddings endpoint answered in an unknown form"


def model() -> str:
    size = settings.EMBEDDINGS_DIMENSIONS
    return f"{settings.EMBEDDINGS_MODEL}/{size}" if size else str(settings.EMBEDDINGS_MODEL)


def embed(texts: Sequence[str]) -> list[list[float]]:
    """Raises `EmbeddingsUnusable` and the errors of `Vendor.request`."""
    return [
        vector
        for start in range(0, len(texts), AT_ONCE)
        for vector in _ask(texts[start : start + AT_ONCE])
    ]


def _ask(texts: Sequence[str]) -> list[list[float]]:
    wish: dict[str, Any] = {
        "model": settings.EMBEDDINGS_MODEL, "input": list(texts), "encoding_format": "float",
    }  # fmt: skip
    if settings.EMBEDDINGS_DIMENSIONS:
        wish["dimensions"] = settings.EMBEDDINGS_DIMENSIONS
    key = settings.EMBEDDINGS_API_KEY
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    reply = EMBEDDINGS.request("POST", "/embeddings", idempotent=True, headers=headers, json=wish)
    try:
        rows = sorted(reply.json()["data"], key=lambda row: row["index"])
        vectors = [[float(number) for number in row["embedding"]] for row in rows]
    except (KeyError, TypeError, ValueError) as error:
        raise EmbeddingsUnusable("It holds no list of vectors.", permanent=True) from error
    if len(vectors) != len(texts):
        raise EmbeddingsUnusable("It holds another number of vectors.", permanent=True)
    return [_fitted(vector) for vector in vectors]


def _fitted(vector: list[float]) -> list[float]:
    """Of length 1, and filled up with zeros, which changes no cosine."""
    length = math.sqrt(sum(number * number for number in vector))
    if len(vector) > DIMENSIONS:
        raise EmbeddingsUnusable(
            f"A vector has {len(vector)} numbers, more than {DIMENSIONS}: ask for fewer with "
            "EMBEDDINGS_DIMENSIONS, or choose another model.",
            permanent=True,
        )
    if not length or not math.isfinite(length):
        raise EmbeddingsUnusable("A vector has no direction.", permanent=True)
    return [number / length for number in vector] + [0.0] * (DIMENSIONS - len(vector))
