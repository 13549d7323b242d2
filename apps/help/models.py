from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.utils import timezone
from pgvector.django import HalfVectorField

from apps.answers.models import DIMENSIONS

LANGUAGE = "english"


class Passage(models.Model):
    """A section of a help article, as search looks at it.

    `corpus` is the state of all articles and the embedding model: two releases of the product that
    run side by side each have their own. There are a few hundred rows, so vectors need no index.
    """

    corpus = models.CharField(max_length=32)
    position = models.PositiveIntegerField()
    slug = models.CharField(max_length=60)
    anchor = models.CharField(max_length=80, blank=True, default="")
    title = models.CharField(max_length=120)
    heading = models.CharField(max_length=120, blank=True, default="")
    text = models.TextField()
    words = models.GeneratedField(
        expression=SearchVector("heading", weight="A", config=LANGUAGE)
        + SearchVector("title", weight="B", config=LANGUAGE)
        + SearchVector("text", weight="C", config=LANGUAGE),
        output_field=SearchVectorField(),
        db_persist=True,
    )
    embedding = HalfVectorField(
        dimensions=DIMENSIONS, null=True, help_text="NULL until whoever makes it has answered"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["corpus", "position"]
        constraints = [
            models.UniqueConstraint(fields=["corpus", "position"], name="help_passage_once")
        ]
        indexes = [GinIndex(fields=["words"], name="help_passage_words")]

    def __str__(self) -> str:
        return f"{self.title}: {self.heading}" if self.heading else self.title
