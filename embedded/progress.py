"""A line for each step of a start, with the time it took."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 28


class Step:
    """A running step; `note` is shown behind its time."""

    def __init__(self) -> None:
        self.note = ""


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Print `title` now, and the time and note when it is done (or `failed`)."""
    current, begun = Step(), time.monotonic()
    print(f"  {title:.<{WIDTH}} ", end="", flush=True)
    try:
        yield current
    except BaseException:
        print("failed", flush=True)
        raise
    note = f"  {current.note}" if current.note else ""
    print(f"{time.monotonic() - begun:5.1f} s{note}", flush=True)


def tell(sentence: str) -> None:
    """Something that happened while everything runs."""
    print(f"{time.strftime('%H:%M:%S')}  {sentence}", file=sys.stdout, flush=True)
