"""Experiences and releases, as help search finds them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.postgres.search import SearchVector
from django.urls import reverse

from apps.help import sources, words
from apps.roblox.models import Experience, Release


def register() -> None:
    sources.register(
        sources.Source("experiences", "Experiences here", "experiences.view", _experiences)
    )
    sources.register(sources.Source("releases", "Releases here", "releases.view", _releases))


def _experiences(question: str, most: int) -> Iterator[sources.Document]:
    rows = Experience.objects.annotate(words=SearchVector("name", config="english"))
    for experience in rows.filter(words=words.any_word(question)).order_by("name")[:most]:
        url = reverse("experience", kwargs={"slug": experience.slug})
        yield sources.Document(experience.name, f"Universe {experience.universe_id}", url)


def _releases(question: str, most: int) -> Iterator[sources.Document]:
    """By what was written about them."""
    query = words.any_word(question)
    rows: Any = Release.objects.select_related("experience").annotate(
        words=SearchVector("notes", config="english"), excerpt=words.excerpt("notes", query)
    )
    for release in rows.filter(words=query).order_by("-id")[:most]:
        url = reverse("release", args=[release.experience.slug, release.version])
        title = f"{release.experience.name} {release.version}"
        yield sources.Document(title, release.excerpt, url)
