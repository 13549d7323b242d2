"""From uploaded bytes to an `Artifact`: read for real, refused with a reason, kept by hash."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from django.db import transaction

from apps.media.services import blobs
from apps.roblox.files import Document, Instance, read
from apps.roblox.models import Artifact

TREE_NODES = 2_000
TREE_DEPTH = 24
ASSET_REFERENCES = 500


def store(*, content: bytes, filename: str) -> Artifact:
    """Raises `FileRefused` saying what is wrong and where. The same bytes give the same row."""
    name = PurePath(filename.replace("\\", "/")).name[:200]
    document = read(content, filename=name)
    with transaction.atomic():
        blob = blobs.store(content=content)
        artifact, _ = Artifact.objects.get_or_create(
            blob=blob, defaults={"filename": name, **describe(document)}
        )
    return artifact


def load(*, artifact: Artifact) -> Document:
    return read(blobs.read(blob=artifact.blob), filename=artifact.filename)


def describe(document: Document) -> dict[str, Any]:
    """What people want to see of a file without opening it, as the artifact's columns."""
    references: list[dict[str, str]] = []
    for reference in document.asset_references():
        if len(references) == ASSET_REFERENCES:
            break
        references.append(
            {
                "id": str(reference.asset_id),
                "path": reference.path[:1000],
                "property": reference.property_name[:100],
            }
        )
    counts = document.class_counts()
    return {
        "kind": document.kind,
        "format": document.format,
        "instance_count": counts.total(),
        "script_count": sum(1 for _ in document.scripts()),
        "class_counts": [[name[:100], count] for name, count in counts.most_common(200)],
        "asset_references": references,
        "tree": outline(document),
    }


def outline(document: Document) -> list[dict[str, Any]]:
    """The instance tree as nested `{name, class_name, children, more}`, at most 2,000 nodes.

    `more` counts children that were left out.
    """
    top = _node("", "")
    waiting: list[tuple[Instance, dict[str, Any], int]] = [
        (root, top, 0) for root in reversed(document.roots)
    ]
    nodes = 0
    while waiting:
        instance, parent, depth = waiting.pop()
        if nodes == TREE_NODES or depth == TREE_DEPTH:
            parent["more"] += 1
            continue
        nodes += 1
        node = _node(instance.shown_name.replace("\x00", "\ufffd"), instance.class_name[:100])
        parent["children"].append(node)
        waiting.extend((child, node, depth + 1) for child in reversed(instance.children))
    return list(top["children"])


def _node(name: str, class_name: str) -> dict[str, Any]:
    return {"name": name, "class_name": class_name, "children": [], "more": 0}
