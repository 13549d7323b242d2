"""Our clients and our stand-ins against the documented LangCache and embeddings endpoint.

Both sides were written here, so that they agree proves nothing: each exchange is held against
the contract in contracts/.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.core import outgoing
from apps.semantic_cache import embeddings
from apps.semantic_cache.receivers import forget_answers
from apps.semantic_cache.services import answers
from tests.verification.openapi import Contract, Exchange

CONTRACTS = Path(__file__).parents[1] / "contracts"
pytestmark = pytest.mark.django_db


@pytest.fixture
def recorded(monkeypatch):
    exchanges = []
    send = outgoing._exchange

    def record(method, url, limits, options):
        reply = send(method, url, limits, options)
        exchanges.append(Exchange(method, url.path, options, reply))
        return reply

    monkeypatch.setattr(outgoing, "_exchange", record)
    return exchanges


def ask(question, **about):
    return answers.answer(scope="help", question=question, compute=lambda _: {"a": 1}, **about)


def held_against(name, exchanges):
    contract = Contract(CONTRACTS / f"{name}.json")
    assert {e.path for e in exchanges if not contract.operation(e)} == set()
    used = [contract.operation(exchange) for exchange in exchanges]
    for methods in contract.document["paths"].values():
        assert all(operation in used for operation in methods.values())
    return [problem for exchange in exchanges for problem in contract.problems(exchange)]


def test_langcache(in_alpha, langcache, recorded):
    for question in ("undo it", "revert it", "x" * 3000, "a, b"):
        ask(question, corpus="0f.1")
    ask("no corpus")
    answers.forget(scope="help")
    forget_answers(schema_name=in_alpha.schema_name)
    for status in (424, 429, 500):
        langcache.status = status
        ask("undo it")
    assert held_against("langcache", recorded) == []
    assert {e.reply.status for e in recorded} >= {200, 201, 424, 429, 500}


def test_embeddings(embeddings_api, settings, recorded):
    embeddings.embed(["one", "two"])
    settings.EMBEDDINGS_DIMENSIONS = 16
    embeddings.embed(["three"])
    assert held_against("embeddings", recorded) == []
