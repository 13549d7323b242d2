"""Finding help: by words and by meaning, in the articles and in the workspace's own rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import SearchRank
from django.db.models import F
from django.urls import reverse
from pgvector.django import CosineDistance

from apps.core.database import connection
from apps.core.errors import VendorError
from apps.core.postgresql.workspace import PUBLIC_SCHEMA
from apps.help import sources, words
from apps.help.models import Passage
from apps.help.services import passages
from apps.semantic_cache import embeddings
from apps.semantic_cache.services import answers
from apps.semantic_cache.services.found import Question, plain

SCOPE = "help"
LONGEST = 300  # characters of a question
MOST = 10
LOOKED_AT = 20  # by each of the two ways
OF_ONE_ARTICLE = 2
# Reciprocal rank fusion (Cormack et al., 2009): places are comparable where scores are not. The
# constant is small because so are the lists.
FUSION = 12
ARTICLES = "Help articles"


@dataclass(frozen=True)
class Hit:
    """`excerpt` has the words that were found between `words.BEGIN` and `words.END`."""

    source: str
    title: str
    heading: str
    url: str
    excerpt: str


def search(*, question: str, can: Collection[str] = (), live: bool = False) -> list[Hit]:
    """The best passages first, articles before what belongs to the workspace.

    `can`: the permissions of whoever asks. In a workspace a question is answered from an earlier
    one like it, unless it is `live`, still being typed. Nothing is found for an empty one.
    """
    asked = plain(question)[:LONGEST]
    if not words.WORD.search(asked):
        return []
    corpus = passages.ready()
    if live or connection.schema_name == PUBLIC_SCHEMA:
        chosen = _ranked(Question(asked, SCOPE, corpus))
    else:
        chosen = answers.answer(scope=SCOPE, corpus=corpus, question=asked, compute=_ranked).content
    return [*_described(corpus, chosen, asked), *_of_workspace(asked, can)]


def _ranked(question: Question) -> list[int]:
    """Positions of passages in the corpus."""
    rows = Passage.objects.filter(corpus=question.corpus)
    scores: Counter[int] = Counter()
    for found in (_by_words(rows, question.text), _by_meaning(rows, question)):
        for place, position in enumerate(found):
            scores[position] += 1 / (FUSION + place)  # type: ignore[assignment]
    best = [position for position, _ in scores.most_common()]
    return _not_all_of_one(rows, best)[:MOST]


def _by_words(rows: Any, text: str) -> list[int]:
    query = words.any_word(text)
    found = rows.filter(words=query).annotate(rank=SearchRank(F("words"), query))
    return list(found.order_by("-rank", "position").values_list("position", flat=True)[:LOOKED_AT])


def _by_meaning(rows: Any, question: Question) -> list[int]:
    """Nothing where the vector cannot be had: words find most of it."""
    try:
        vector = question.vector
    except VendorError:
        return []
    near = rows.exclude(embedding=None).annotate(far=CosineDistance("embedding", vector))
    found = near.filter(far__lte=1 - embeddings.noise()).order_by("far", "position")
    return list(found.values_list("position", flat=True)[:LOOKED_AT])


def _not_all_of_one(rows: Any, positions: list[int]) -> list[int]:
    slugs = dict(rows.filter(position__in=positions).values_list("position", "slug"))
    taken: Counter[str] = Counter()
    kept = []
    for position in positions:
        taken[slugs[position]] += 1
        if taken[slugs[position]] <= OF_ONE_ARTICLE:
            kept.append(position)
    return kept


def _described(corpus: str, positions: list[int], asked: str) -> list[Hit]:
    """With this question's own words marked, whichever question the places were found for."""
    rows = Passage.objects.filter(corpus=corpus, position__in=positions).defer("embedding", "words")
    found = {
        row.position: row
        for row in rows.annotate(excerpt=words.excerpt("text", words.any_word(asked)))
    }
    return [_hit(found[position]) for position in positions if position in found]


def _hit(row: Any) -> Hit:
    url = reverse("help_article", kwargs={"slug": row.slug})
    return Hit(
        source=ARTICLES, title=row.title, heading=row.heading, excerpt=row.excerpt,
        url=f"{url}#{row.anchor}" if row.anchor else url,
    )  # fmt: skip


def _of_workspace(asked: str, can: Collection[str]) -> list[Hit]:
    return [
        Hit(source.label, document.title, "", document.url, document.text)
        for source in sources.open_to(can)
        for document in source.find(asked, sources.MOST)
    ]


def by_source(hits: Iterable[Hit]) -> dict[str, list[Hit]]:
    found: dict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        found[hit.source].append(hit)
    return dict(found)
