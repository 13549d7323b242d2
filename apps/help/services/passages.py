"""The articles' sections in the database, with their words and vectors."""

from __future__ import annotations

import hashlib
import time
from datetime import timedelta

import structlog
from django.db import connection, transaction
from django.db.models import Count, Q
from django.utils import timezone

from apps.core.errors import VendorError
from apps.help import articles
from apps.help.models import Passage
from apps.semantic_cache import embeddings

TURN = "SELECT pg_advisory_xact_lock(hashtextextended('help.passages', 815))"
# Of a release that still runs beside this one, or is gone back to.
OLD_ONES_KEPT = timedelta(days=7)
AGAIN = 60.0  # seconds until vectors that could not be had are asked for once more

log = structlog.get_logger(__name__)
_asked: dict[str, float] = {}


def corpus() -> str:
    """The state of what is searched: the articles, and what their vectors are made by."""
    return hashlib.sha256(f"{articles.digest()} {embeddings.model()}".encode()).hexdigest()[:32]


def ready() -> str:
    """The corpus, written down unless it is, with vectors where they can be had."""
    now = corpus()
    rows = Passage.objects.filter(corpus=now).order_by()
    found = rows.aggregate(all=Count("pk"), bare=Count("pk", filter=Q(embedding=None)))
    if not found["all"]:
        _write(now)
    elif found["bare"] and _asked.get(now, 0.0) + AGAIN < time.monotonic():
        _add_vectors(now)
    return now


def _write(now: str) -> None:
    rows = [
        Passage(
            corpus=now, slug=article.slug, anchor=section.anchor, title=article.title,
            heading=section.heading, text=section.text,
        )
        for article in articles.all_articles().values()
        for section in article.sections
    ]  # fmt: skip
    _embed(now, rows)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(TURN)
        if Passage.objects.filter(corpus=now).exists():
            return
        for position, row in enumerate(rows):
            row.position = position
        Passage.objects.bulk_create(rows)
        old = timezone.now() - OLD_ONES_KEPT
        Passage.objects.exclude(corpus=now).filter(created_at__lt=old).delete()


def _add_vectors(now: str) -> None:
    rows = list(Passage.objects.filter(corpus=now, embedding=None))
    if _embed(now, rows):
        Passage.objects.bulk_update(rows, ["embedding"])


def _embed(now: str, rows: list[Passage]) -> bool:
    """Without vectors the words alone are searched."""
    _asked[now] = time.monotonic()
    try:
        vectors = embeddings.embed([f"{row.title}. {row.heading}. {row.text}" for row in rows])
    except VendorError as error:
        log.warning("help_without_vectors", code=error.code)
        return False
    for row, vector in zip(rows, vectors, strict=True):
        row.embedding = vector
    return True
