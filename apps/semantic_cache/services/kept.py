"""Earlier answers in the workspace's own schema, found by pgvector."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from pgvector.django import CosineDistance

from apps.answers.models import CachedAnswer
from apps.core.database import connection
from apps.semantic_cache import embeddings
from apps.semantic_cache.services.found import Entry, Found, Question

# Without it an index over all scopes could end before it comes to a row of the right one:
# https://github.com/pgvector/pgvector#iterative-index-scans
FURTHER = "SET LOCAL hnsw.iterative_scan = strict_order"


def find(question: Question, *, threshold: float | None) -> Found | None:
    """The answer to the same question, else to the most similar one that is similar enough.

    Raises a `VendorError` where the embedding cannot be had.
    """
    rows = CachedAnswer.objects.fresh().filter(
        scope=question.scope, corpus=question.corpus, model=embeddings.model()
    )
    same = rows.filter(digest=question.digest).first()
    if same is not None:
        return _taken(same, 1.0)
    near = _nearest(rows, question.vector)
    least = embeddings.threshold() if threshold is None else threshold
    # A vector without direction is at no distance from any: NaN, which is not near.
    if near is None or not 1 - near.distance >= least:
        return None
    return _taken(near, 1 - near.distance)


def keep(question: Question, entry: Entry, *, ttl: timedelta) -> None:
    """In the place of an older answer to the very same question. Raises a `VendorError`."""
    now = timezone.now()
    row = CachedAnswer(
        scope=question.scope, corpus=question.corpus, model=embeddings.model(),
        question=question.text, digest=question.digest, embedding=question.vector,
        answer=entry.answer, cost=entry.cost, expires_at=now + ttl,
    )  # fmt: skip
    CachedAnswer.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["scope", "corpus", "model", "digest"],
        update_fields=["answer", "cost", "created_at", "used_at", "expires_at"],
    )  # fmt: skip
    _make_room()
    CachedAnswer.objects.filter(scope=question.scope).exclude(corpus=question.corpus).delete()


def forget(*, scope: str) -> None:
    CachedAnswer.objects.filter(scope=scope).delete()


def forget_workspace(*, schema_name: str) -> None:
    """Nothing to do: the rows go with the schema."""


def _nearest(rows: Any, vector: list[float]) -> Any:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(FURTHER)
        near = rows.annotate(distance=CosineDistance("embedding", vector)).order_by("distance")
        return near.defer("embedding").first()


def _taken(row: Any, similarity: float) -> Found:
    CachedAnswer.objects.filter(pk=row.pk).update(hits=F("hits") + 1, used_at=timezone.now())
    return Found(answer=row.answer, cost=row.cost, similarity=round(similarity, 4))


def _make_room() -> None:
    CachedAnswer.objects.filter(expires_at__lte=timezone.now()).delete()
    newest = CachedAnswer.objects.order_by("-used_at", "-pk").values_list("pk", flat=True)
    surplus = list(newest[settings.SEMANTIC_CACHE_ENTRIES :])
    if surplus:
        CachedAnswer.objects.filter(pk__in=surplus).delete()
