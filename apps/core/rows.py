"""Rows that a process remembers, and hands out."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model
from django.db.models.base import ModelState

M = TypeVar("M", bound=Model)


def copy_of(row: M) -> M:
    """A row of its own for a request, which may set what it likes on it: no signal, no query, and
    nothing of what was looked up through the other one. Its values are the same objects.
    """
    made = object.__new__(type(row))
    made.__dict__.update(row.__dict__)
    # As `Model.from_db` leaves it.
    made._state = ModelState()
    made._state.db, made._state.adding = vars(row)["_state"].db, False
    return made
