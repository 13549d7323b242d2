"""What is wrong with the settings of the cache, said when a process starts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

NAMES = ("LANGCACHE_API_URL", "LANGCACHE_CACHE_ID", "LANGCACHE_API_KEY")


@register()
def langcache_is_whole(**_: Any) -> list[CheckMessage]:
    given = [name for name in NAMES if getattr(settings, name)]
    lacking = [name for name in NAMES if name not in given]
    if not given or not lacking:
        return []
    return [
        Error(
            f"{', '.join(given)} set, {', '.join(lacking)} not: LangCache needs all three.",
            hint="Set them all, or none to keep answers in each workspace's own schema.",
            id="semantic_cache.E001",
        )
    ]
