"""Names of operations, which become names of functions in clients: `releases_list`,
`releases_create`, `releases_get`, `deployments_promote`.
"""

from __future__ import annotations

import re
from typing import Any

ENDINGS = {"_retrieve": "_get", "_partial_update": "_update", "_destroy": "_delete"}
CREATED = "201"


def describe(result: dict[str, Any]) -> None:
    for path, methods in result["paths"].items():
        for operation in methods.values():
            operation["operationId"] = _name(path, operation)


def _name(path: str, operation: dict[str, Any]) -> str:
    name = str(operation["operationId"])
    for ending, better in ENDINGS.items():
        if name.endswith(ending):
            return name.removesuffix(ending) + better
    # A POST that makes nothing under its own address is a deed: /deployments/promote/.
    if name.endswith("_create") and not _makes(path, operation):
        return name.removesuffix("_create")
    return name


def _makes(path: str, operation: dict[str, Any]) -> bool:
    # Also of what belongs to one thing: /realtime-apps/{app_pk}/webhooks/.
    nested = r"/api/v\d+/[a-z-]+/(?:\{[a-z]+_pk\}/)?(?:[a-z-]+/)?"
    collection = re.fullmatch(nested, path) is not None
    is_root = re.fullmatch(r"/api/v\d+/[a-z-]+/", path) is not None
    return is_root or (collection and CREATED in operation["responses"])
