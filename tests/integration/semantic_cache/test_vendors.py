"""An embeddings endpoint and LangCache: used when set, and never missed when they fail."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks

from apps.answers.models import CachedAnswer
from apps.core.outgoing import breaker_state
from apps.semantic_cache import embeddings
from apps.semantic_cache.embeddings.openai_api import EmbeddingsUnusable
from apps.semantic_cache.receivers import forget_answers
from apps.semantic_cache.services import answers, statistics

pytestmark = pytest.mark.django_db
ASKED, MEANT = "rollback the release", "undo the release"


def ask(question=ASKED, say="so"):
    return answers.answer(scope="help", corpus="c1", question=question, compute=lambda _: say)


def numbers(tenant):
    (total,) = statistics.totals(schema_name=tenant.schema_name)
    return total.hits, total.misses, total.bypassed


class TestEmbeddings:
    def test_synonyms_meet(self, in_alpha, embeddings_api):
        ask()
        assert ask(MEANT, "anew").hit
        assert CachedAnswer.objects.get().model == "stand-in"

    def test_one_call_for_a_question(self, in_alpha, embeddings_api):
        ask()
        assert [path for _, path, _ in embeddings_api.asked] == ["/v1/embeddings"]

    def test_vectors_come_in_the_order_of_the_texts(self, embeddings_api):
        texts = [f"text {number}" for number in range(70)]
        together = embeddings.embed(texts)
        assert together[3] == embeddings.embed(["text 3"])[0]
        assert [len(body["input"]) for _, _, body in embeddings_api.asked] == [64, 6, 1]

    def test_fewer_numbers_can_be_asked_for_and_are_another_model(self, embeddings_api, settings):
        settings.EMBEDDINGS_DIMENSIONS = 32
        embeddings.embed(["x"])
        assert embeddings_api.asked[0][2]["dimensions"] == 32
        assert embeddings.model() == "stand-in/32"

    @pytest.mark.parametrize(
        "wrong",
        [
            {}, {"data": "no"}, {"data": []},
            {"data": [{"index": 0, "embedding": [0, 0]}]},
            {"data": [{"index": 0, "embedding": ["x"]}]},
            {"data": [{"index": 0, "embedding": [1.0] * 1537}]},
        ],
    )  # fmt: skip
    def test_what_is_no_embedding_is_refused(self, embeddings_api, wrong):
        embeddings_api.wrong = wrong
        with pytest.raises(EmbeddingsUnusable):
            embeddings.embed(["x"])

    @pytest.mark.parametrize("status", [401, 429, 500])
    def test_a_failure_costs_the_cache_and_not_the_answer(self, in_alpha, embeddings_api, status):
        embeddings_api.status = status
        assert ask() == answers.Answer("so", hit=False, similarity=None)
        assert numbers(in_alpha) == (0, 0, 1)

    def test_what_was_kept_is_still_given_to_the_same_question(self, in_alpha, embeddings_api):
        ask()
        embeddings_api.status = 500
        assert ask().hit

    def test_after_some_failures_it_is_not_asked_any_more(self, in_alpha, embeddings_api):
        embeddings_api.status = 500
        for number in range(5):
            ask(f"question {number}")
        assert breaker_state("embeddings").state == "open"
        asked = len(embeddings_api.asked)
        assert ask("yet another").content == "so"
        assert len(embeddings_api.asked) == asked


class TestLangCache:
    def test_it_keeps_the_answers_instead_of_the_schema(self, in_alpha, langcache):
        ask()
        assert ask(MEANT, "anew") == answers.Answer("so", hit=True, similarity=1.0)
        assert not CachedAnswer.objects.exists()
        assert numbers(in_alpha) == (1, 1, 0)

    def test_no_workspace_is_given_anothers_answers(self, alpha, beta, langcache):
        with alpha:
            ask(say="alpha's")
        with beta:
            assert ask(say="beta's").content == "beta's"

    def test_an_answer_with_other_attributes_is_not_used(self, in_alpha, langcache):
        """A cache set up without the attributes would find the neighbour's."""
        strange = {"workspace": "w_beta", "scope": "help", "corpus": "c1"}
        entry = {"id": "0" * 32, "prompt": ASKED, "response": "{}", "similarity": 1,
                 "attributes": strange, "searchStrategy": "exact"}  # fmt: skip
        langcache.wrong = {"data": [entry]}
        assert not ask().hit

    @pytest.mark.parametrize("status", [401, 424, 429, 500])
    def test_a_failure_costs_the_cache_and_not_the_answer(self, in_alpha, langcache, status):
        langcache.status = status
        assert ask().content == "so"
        assert numbers(in_alpha) == (0, 0, 1)

    def test_an_answer_in_an_unknown_form_is_no_answer(self, in_alpha, langcache):
        langcache.wrong = {"data": [{"response": "not ours"}]}
        assert ask().content == "so"

    def test_scopes_and_workspaces_are_forgotten_there_too(self, alpha, beta, langcache):
        for tenant in (alpha, beta):
            with tenant:
                ask()
        with alpha:
            answers.forget(scope="help")
            assert not ask().hit
        forget_answers(schema_name=beta.schema_name)
        assert {e["attributes"]["workspace"] for e in langcache.entries} == {alpha.schema_name}


def test_half_a_langcache_is_said_at_start(settings):
    settings.LANGCACHE_API_URL = "https://langcache.example"
    assert [found.id for found in run_checks() if "semantic_cache" in str(found.id)] == [
        "semantic_cache.E001"
    ]
    assert not answers.is_remote()
