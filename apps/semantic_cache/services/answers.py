"""Answering a question from an earlier answer to the same question, or to a similar one.

```python
answers.answer(
    scope="help", corpus=articles.version(), question="How do I roll back?",
    compute=lambda question: ranked(question.text, question.vector),
)
```
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from types import ModuleType
from typing import Any

import redis
import structlog
from django.conf import settings
from redis.exceptions import LockError, RedisError

from apps.core.database import connection
from apps.core.errors import VendorError, WorkspaceMissing
from apps.core.postgresql.workspace import PUBLIC_SCHEMA
from apps.semantic_cache import langcache_api
from apps.semantic_cache.services import kept, statistics
from apps.semantic_cache.services.found import Entry, Found, Question, plain

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
CORPUS = re.compile(r"[A-Za-z0-9._-]{0,64}")
WEEK = timedelta(days=7)
TURN_SECONDS = 10.0  # the longest that one waits for another's answer to the same question

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Answer:
    """`content` is JSON as `compute` made it. `similarity` is that of the earlier question, 1 for
    the same one; None where the answer was computed.
    """

    content: Any
    hit: bool
    similarity: float | None


def answer(
    *,
    scope: str,
    question: str,
    compute: Callable[[Question], Any],
    corpus: str = "",
    ttl: timedelta = WEEK,
    threshold: float | None = None,
) -> Answer:
    """An earlier answer of this workspace, or what `compute` makes of the question now (JSON).

    What may be seen by some members only must not share a scope with what others ask. `corpus`
    names the state of the sources (letters, digits, `._-`): answers of another state are not
    given. `threshold` (0 to 1) left out is the one that suits the embedding model.

    A vendor that fails costs the cache, never the answer; whatever `compute` raises is raised.
    Raises `WorkspaceMissing` outside of a workspace.
    """
    _demand_names(scope, corpus)
    asked = Question(plain(question), scope, corpus)
    try:
        found = _find(asked, threshold)
    except VendorError as error:
        log.warning("semantic_cache_bypassed", scope=scope, code=error.code)
        statistics.count(scope=scope, bypassed=1)
        return Answer(compute(asked), hit=False, similarity=None)
    if found is not None:
        return _given(asked, found)
    with _turn(asked) as waited:
        # Somebody else has just answered the very same question.
        found = _find_again(asked, threshold) if waited else None
        return _given(asked, found) if found else _computed(asked, compute, ttl)


def forget(*, scope: str) -> None:
    """Drop this workspace's answers of a scope, because what they rest on is wrong now.

    Raises a `VendorError` where LangCache keeps them and cannot be reached: a new `corpus` needs
    no such call.
    """
    _demand_names(scope, "")
    _place().forget(scope=scope)


def forget_workspace(*, schema_name: str) -> None:
    """Drop all answers of a workspace that goes. Raises a `VendorError`."""
    _place().forget_workspace(schema_name=schema_name)


def is_remote() -> bool:
    """Whether LangCache keeps the answers, rather than the workspaces' own schemas."""
    return bool(
        settings.LANGCACHE_API_URL and settings.LANGCACHE_CACHE_ID and settings.LANGCACHE_API_KEY
    )


def _place() -> ModuleType:
    return langcache_api if is_remote() else kept


def _find(asked: Question, threshold: float | None) -> Found | None:
    found: Found | None = _place().find(asked, threshold=threshold)
    return found


def _find_again(asked: Question, threshold: float | None) -> Found | None:
    try:
        return _find(asked, threshold)
    except VendorError:
        return None


def _given(asked: Question, found: Found) -> Answer:
    statistics.count(scope=asked.scope, hits=1, saved=found.cost)
    return Answer(found.answer, hit=True, similarity=found.similarity)


def _computed(asked: Question, compute: Callable[[Question], Any], ttl: timedelta) -> Answer:
    begun = time.perf_counter()
    content = compute(asked)
    cost = round((time.perf_counter() - begun) * 1000)
    try:
        _place().keep(asked, Entry(content, cost), ttl=ttl)
    except VendorError as error:
        log.warning("semantic_cache_not_kept", scope=asked.scope, code=error.code)
    statistics.count(scope=asked.scope, misses=1)
    return Answer(content, hit=False, similarity=None)


@contextmanager
def _turn(asked: Question) -> Iterator[bool]:
    """One at a time computes the answer to the same question; True for whoever had to wait.

    Without Redis, and after `TURN_SECONDS`, everybody computes.
    """
    name = f"semantic_cache:{connection.schema_name}:{asked.scope}:{asked.corpus}:{asked.digest}"
    lock = _redis(settings.REDIS_URL).lock(name, timeout=3 * TURN_SECONDS, sleep=0.05)
    waited, mine = False, False
    try:
        mine = lock.acquire(blocking=False)
        if not mine:
            waited, mine = True, lock.acquire(blocking_timeout=TURN_SECONDS)
    except RedisError as error:
        log.warning("semantic_cache_without_turns", error=type(error).__name__)
    try:
        yield waited
    finally:
        if mine:
            _give_back(lock)


def _give_back(lock: Any) -> None:
    try:
        lock.release()
    except (LockError, RedisError) as error:
        log.warning("semantic_cache_turn_lost", error=type(error).__name__)


def _demand_names(scope: str, corpus: str) -> None:
    if connection.schema_name == PUBLIC_SCHEMA:
        raise WorkspaceMissing("Answers are kept for each workspace by itself.")
    if not NAME.fullmatch(scope) or not CORPUS.fullmatch(corpus):
        raise ValueError("scope and corpus are short names of letters, digits and ._-")


@cache
def _redis(url: str) -> Any:
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
