from __future__ import annotations

from typing import Any

from apps.classes import pictures
from apps.classes.models import Pupil, SchoolClass
from apps.classes.services import classes, pupils, sign_in

CHOSEN = ("cat", "sun", "boat")
WRONG = ("cat", "sun", "ball")


def make_class(by: Any, name: str = "7B Science", *names: str) -> SchoolClass:
    """A class in the present workspace, with these pupils."""
    made = classes.create(name=name, by=by)
    if names:
        pupils.add(school_class=made, names=names, by=by)
    return made


def pupil_named(name: str) -> Pupil:
    return Pupil.objects.select_related("user").get(user__name=name)


def with_pictures(pupil: Pupil, chosen: tuple[str, ...] = CHOSEN) -> Pupil:
    assert pictures.are_valid(chosen)
    return sign_in.choose_pictures(pupil=pupil, chosen=chosen)
