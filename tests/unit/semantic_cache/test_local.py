"""What vectors out of the wording can tell apart, measured on questions people ask."""

from __future__ import annotations

import math

import pytest

from apps.answers.models import DIMENSIONS
from apps.semantic_cache.embeddings import local
from tests.unit.semantic_cache.questions import OTHER, SAME


def cosine(one, other):
    first, second = local.embed([one, other])
    return sum(a * b for a, b in zip(first, second, strict=True))


def test_most_paraphrases_count_as_the_same_question():
    near = [pair for pair in SAME if cosine(*pair) >= local.THRESHOLD]
    assert len(near) / len(SAME) >= 0.8


@pytest.mark.parametrize("pair", OTHER, ids=lambda pair: pair[1])
def test_no_other_question_does(pair):
    assert cosine(*pair) < local.THRESHOLD


def test_misspelt_and_inflected_words_are_still_nearer_than_others():
    asked = "How do I roll back a release?"
    assert cosine(asked, "rolback relaese") > cosine(asked, "inviting people") + 0.1


@pytest.mark.parametrize("text", ["roll back", "how do I", "", "日本語の質問", "!?"])
def test_vectors_fit_the_column_and_have_length_one(text):
    (vector,) = local.embed([text])
    assert len(vector) == DIMENSIONS
    assert math.hypot(*vector) == pytest.approx(1 if any(vector) else 0)


def test_the_same_text_has_the_same_vector_everywhere():
    """Changed numbers need another name in `model()`: kept vectors are compared with new ones."""
    (vector,) = local.embed(["How do I roll back a release?"])
    told = {place: round(number, 2) for place, number in enumerate(vector) if abs(number) > 0.3}
    assert (local.model(), told) == ("local-wording-1", {18: 0.43, 604: 0.43, 1412: -0.43})
