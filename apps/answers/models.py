from __future__ import annotations

from typing import Self

from django.db import models
from django.utils import timezone
from pgvector.django import HalfVectorField, HnswIndex

# Embeddings of a model with fewer numbers are filled up with zeros, which changes no cosine.
# Half precision: at this size an index over whole floats would be twice as large and no better.
DIMENSIONS = 1536


class CachedAnswerQuerySet(models.QuerySet["CachedAnswer"]):
    def fresh(self) -> Self:
        return self.filter(expires_at__gt=timezone.now())


class CachedAnswer(models.Model):
    """An answer of this workspace that is given again to the same or a similar question.

    `scope` says what kind of question it is, `corpus` of which state of its sources, `model` how
    the embedding was made: only rows that agree in all three are ever compared.
    """

    scope = models.CharField(max_length=40)
    corpus = models.CharField(max_length=64)
    model = models.CharField("embedding model", max_length=100)
    question = models.TextField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the question in plain form")
    embedding = HalfVectorField(dimensions=DIMENSIONS)
    answer = models.JSONField()
    cost = models.PositiveIntegerField(help_text="milliseconds that computing it took")
    hits = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    objects = CachedAnswerQuerySet.as_manager()

    class Meta:
        ordering = ["-used_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "corpus", "model", "digest"], name="cached_answer_once"
            )
        ]
        indexes = [
            HnswIndex(
                name="cached_answer_embedding",
                fields=["embedding"],
                opclasses=["halfvec_cosine_ops"],
            )
        ]

    def __str__(self) -> str:
        return self.question[:80]
