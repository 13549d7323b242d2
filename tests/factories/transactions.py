from __future__ import annotations

from collections.abc import Callable

from django.db import transaction


def undo_after(deed: Callable[[], object]) -> None:
    """Do `deed` in a transaction that fails afterwards with a RuntimeError."""
    with transaction.atomic():
        deed()
        raise RuntimeError
