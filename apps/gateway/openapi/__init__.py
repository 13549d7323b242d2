"""What the OpenAPI document says beyond what views and serializers do.

`finish` is drf-spectacular's last hook: it names operations, adds the refusals, headers and
texts that hold everywhere, and an example wherever there is something to fill in or to read.
"""

from __future__ import annotations

from typing import Any

from apps.gateway.openapi import examples, headers, names, order, problems, summaries, texts

__all__ = ["finish"]


def finish(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    for part in (names, summaries, texts, order, headers, problems, examples):
        part.describe(result)
    return result
