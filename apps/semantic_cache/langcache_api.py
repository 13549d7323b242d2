"""Redis LangCache as the place where answers are kept, the only module that speaks to it.

Contract: https://redis.io/docs/latest/develop/ai/langcache/api-reference/. The service makes the
embeddings itself. Every entry carries the attributes `workspace`, `scope` and `corpus`, which
must be declared when the cache is made; each search asks for all three, and an answer whose
attributes are not the ones asked for is not used.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.conf import settings

from apps.core.database import connection
from apps.core.errors import VendorError
from apps.core.outgoing import Reply, Timeouts, Vendor
from apps.semantic_cache.services.found import Entry, Found, Question

THRESHOLD = 0.9
MANY = 10  # seconds for a deletion of many entries
LANGCACHE = Vendor(
    "langcache",
    base_url_setting="LANGCACHE_API_URL",
    timeouts=Timeouts(connect=2, read=4, write=4, total=5),
    attempts=1,  # whoever asks can compute the answer sooner than a second attempt brings it
)


class LangCacheUnusable(VendorError):
    """It answered in a form that its documentation does not know."""

    code = "langcache_unusable"
    title = "LangCache answered in an unknown form"


def find(question: Question, *, threshold: float | None) -> Found | None:
    """Raises `LangCacheUnusable` and the errors of `Vendor.request`."""
    least = THRESHOLD if threshold is None else threshold
    wanted = _attributes(question)
    reply = _call(
        "POST", "/entries/search", idempotent=True,
        json={
            "prompt": question.text,
            "similarityThreshold": float(settings.SEMANTIC_CACHE_THRESHOLD or least),
            "searchStrategies": ["exact", "semantic"],
            "attributes": wanted,
        },
    )  # fmt: skip
    try:
        for entry in reply.json()["data"]:
            if entry["attributes"] == wanted:
                kept = json.loads(entry["response"])
                return Found(kept["answer"], int(kept["cost"]), float(entry["similarity"]))
    except (KeyError, TypeError, ValueError) as error:
        raise LangCacheUnusable("An entry is not what was kept.", permanent=True) from error
    return None


def keep(question: Question, entry: Entry, *, ttl: timedelta) -> None:
    _call(
        "POST", "/entries", idempotent=False,
        json={
            "prompt": question.text,
            "response": json.dumps({"answer": entry.answer, "cost": entry.cost}),
            "attributes": _attributes(question),
            "ttlMillis": round(ttl.total_seconds() * 1000),
        },
    )  # fmt: skip


def forget(*, scope: str) -> None:
    """All answers of this workspace's scope, whatever the corpus."""
    _delete({"workspace": connection.schema_name, "scope": scope})


def forget_workspace(*, schema_name: str) -> None:
    _delete({"workspace": schema_name})


def _delete(attributes: dict[str, str]) -> None:
    _call(
        "DELETE", "/entries", idempotent=True, json={"attributes": attributes},
        timeouts=Timeouts(connect=2, read=MANY, write=4, total=MANY),
    )  # fmt: skip


def _attributes(question: Question) -> dict[str, str]:
    return {
        "workspace": connection.schema_name,
        "scope": question.scope,
        "corpus": question.corpus or "-",  # an attribute's value is never empty
    }


def _call(method: str, path: str, **options: Any) -> Reply:
    headers = {"Authorization": f"Bearer {settings.LANGCACHE_API_KEY}"}
    whole = f"/v1/caches/{settings.LANGCACHE_CACHE_ID}{path}"
    return LANGCACHE.request(method, whole, headers=headers, **options)
