"""Earlier answers given again, in the workspace's own schema."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, connections
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.answers.models import CachedAnswer
from apps.core.errors import NotFound, WorkspaceMissing
from apps.semantic_cache.models import CacheDay
from apps.semantic_cache.services import answers, statistics

pytestmark = pytest.mark.django_db
ASKED = "How do I roll back a release?"
AGAIN = "How do I roll back releases?"


def ask(question=ASKED, say="so", **about):
    return answers.answer(
        scope=about.pop("scope", "help"), question=question, compute=lambda _: {"say": say}, **about
    )


def test_a_similar_question_is_answered_from_the_earlier_answer(in_alpha):
    first, again = ask(), ask(AGAIN, "anew")
    assert (first.hit, first.similarity) == (False, None)
    assert (again.content, again.hit) == ({"say": "so"}, True)
    assert 0.84 <= again.similarity <= 1


def test_the_same_question_needs_no_embedding(in_alpha, monkeypatch):
    ask()
    monkeypatch.setattr("apps.semantic_cache.embeddings.embed", lambda _: pytest.fail("asked"))
    assert ask("  how do I   ROLL back a release? ").similarity == 1


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("How do I invite a teacher?", {}),
        (AGAIN, {"scope": "courses"}),
        (AGAIN, {"corpus": "2"}),
        ("How can I undo it?", {"threshold": 0.2}),
    ],
    ids=["another question", "another scope", "changed sources", "unlike even at a low threshold"],
)
def test_what_is_not_the_same_is_computed(in_alpha, question, about):
    ask(corpus="1") if "corpus" in about else ask()
    assert not ask(question, "anew", **about).hit


def test_questions_without_a_word_that_tells_are_not_like_each_other(in_alpha):
    assert not ask("how do I").hit
    assert not ask("what is it", "anew").hit
    assert ask("How do I").hit


def test_a_lower_threshold_finds_more(in_alpha):
    ask()
    assert not ask("release roll", "anew", threshold=0.99).hit
    assert ask("release back", "anew", threshold=0.3).hit


def test_rows_of_another_model_are_never_compared(in_alpha, monkeypatch):
    ask()
    monkeypatch.setattr("apps.semantic_cache.embeddings.local.model", lambda: "local-wording-2")
    assert not ask().hit
    assert CachedAnswer.objects.count() == 2


def test_answers_grow_old(in_alpha):
    ask(ttl=timedelta(hours=1))
    with time_machine.travel(timezone.now() + timedelta(minutes=59)):
        assert ask().hit
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert not ask().hit


def test_changed_sources_leave_no_old_answers_behind(in_alpha):
    ask(corpus="1")
    ask("How do I invite a teacher?", corpus="2")
    assert {row.corpus for row in CachedAnswer.objects.all()} == {"2"}


def test_a_workspace_keeps_so_many_and_drops_what_was_not_asked_for_longest(in_alpha, settings):
    settings.SEMANTIC_CACHE_ENTRIES = 2
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for question in ("first thing", "second matter"):
            clock.shift(1)
            ask(question)
        clock.shift(1)
        assert ask("first thing").hit
        clock.shift(1)
        ask("third subject")
    assert {row.question for row in CachedAnswer.objects.all()} == {"first thing", "third subject"}


def test_forgotten_answers_are_not_given(in_alpha):
    ask()
    ask(scope="courses")
    answers.forget(scope="help")
    assert (ask().hit, ask(scope="courses").hit) == (False, True)


def test_no_workspace_is_given_anothers_answers(alpha, beta):
    with alpha:
        ask(say="alpha's secret")
    with beta:
        assert not ask(say="beta's").hit
        assert ask().content == {"say": "beta's"}
        assert CachedAnswer.objects.count() == 1


def test_the_database_refuses_to_look_into_anothers_answers(alpha, beta):
    with alpha:
        ask()
    with beta, connection.cursor() as cursor, pytest.raises(Exception, match="permission denied"):
        cursor.execute("SELECT count(*) FROM w_alpha.answers_cachedanswer")


def test_outside_of_a_workspace_there_is_no_cache(db):
    with pytest.raises(WorkspaceMissing):
        ask()


@pytest.mark.parametrize("names", [{"scope": ""}, {"scope": "Help!"}, {"corpus": "a,b"}])
def test_names_are_short_and_plain(in_alpha, names):
    with pytest.raises(ValueError, match="short names"):
        ask(**names)


def test_an_answer_that_cannot_be_computed_is_not_kept(in_alpha):
    def fail(_question):
        raise NotFound("nothing")

    with pytest.raises(NotFound):
        answers.answer(scope="help", question=ASKED, compute=fail)
    assert not CachedAnswer.objects.exists()


def test_hits_misses_and_saved_time_are_counted(in_alpha):
    ask()
    CachedAnswer.objects.update(cost=1500)
    ask()
    ask(AGAIN)
    (total,) = statistics.totals(schema_name=in_alpha.schema_name)
    assert (total.hits, total.misses, total.bypassed, total.saved) == (2, 1, 0, 3.0)
    assert total.share == 67
    assert CachedAnswer.objects.get().hits == 2


def test_a_hit_costs_few_queries(in_alpha, django_assert_num_queries):
    ask()
    with django_assert_num_queries(3):  # the row, its use, the day
        ask()
    with django_assert_num_queries(7):  # and the index, in a transaction with its setting
        ask(AGAIN)


def test_an_index_answers_the_search(in_alpha):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(
            "EXPLAIN SELECT id FROM answers_cachedanswer"
            " ORDER BY embedding <=> %s::halfvec LIMIT 1",
            [str([1.0] + [0.0] * 1535)],
        )
        assert "cached_answer_embedding" in str(cursor.fetchall())


@pytest.mark.django_db(transaction=True)
def test_one_computes_while_others_wait(alpha, own_redis):
    computed, started, go = [], threading.Event(), threading.Event()

    def compute(_question):
        computed.append(1)
        started.set()
        assert go.wait(10)
        return "so"

    def run(seen):
        with schema_context(alpha.schema_name):
            seen.append(answers.answer(scope="help", question=ASKED, compute=compute))
        connections.close_all()

    seen: list[answers.Answer] = []
    threads = [threading.Thread(target=run, args=[seen]) for _ in range(4)]
    threads[0].start()
    assert started.wait(10)
    for thread in threads[1:]:
        thread.start()
    go.set()
    for thread in threads:
        thread.join(20)
    assert len(computed) == 1
    assert sorted(answer.hit for answer in seen) == [False, True, True, True]
    assert CacheDay.objects.get().asked == 4


def test_without_redis_everybody_computes(in_alpha, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert ask().content == {"say": "so"}
    assert ask().hit
