"""Rosters as pages and API read them, in a constant number of queries."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from apps.classes.models import ClassPupil, ClassTeacher, Pupil, SchoolClass


@dataclass(frozen=True)
class Row:
    """A student of a class; `pupil` is None for one who signs in with an e-mail of their own."""

    place: ClassPupil
    pupil: Pupil | None

    @property
    def user(self) -> Any:
        return self.place.user


def with_counts(rows: QuerySet[SchoolClass]) -> QuerySet[SchoolClass]:
    """Each with `pupil_count` and `teacher_list`. People who are gone are not counted."""
    counted = rows.annotate(
        pupil_count=Count("pupils", filter=Q(pupils__user__is_active=True), distinct=True)
    )
    return counted.prefetch_related("teachers__user")


def of(school_class: SchoolClass) -> list[Row]:
    places = list(
        ClassPupil.objects.filter(school_class=school_class)
        .select_related("user")
        .order_by("user__name", "pk")
    )
    return described(places)


def described(places: list[ClassPupil]) -> list[Row]:
    found = Pupil.objects.filter(user__in=[place.user_id for place in places])
    by_user = {pupil.user_id: pupil for pupil in found}
    for place in places:
        if pupil := by_user.get(place.user_id):
            pupil.user = place.user
    return [Row(place, by_user.get(place.user_id)) for place in places]


def teachers_of(school_class: SchoolClass) -> list[ClassTeacher]:
    rows = ClassTeacher.objects.filter(school_class=school_class).select_related("user")
    return list(rows.order_by("user__name"))


def pupils_of(school_class: SchoolClass) -> QuerySet[Pupil]:
    """Those who sign in with the class code, by name."""
    here = ClassPupil.objects.filter(school_class=school_class).values("user_id")
    active = Pupil.objects.filter(user_id__in=here, user__is_active=True)
    return active.select_related("user").order_by("user__name", "pk")


def shared_names(school_class: SchoolClass) -> list[str]:
    """First names with initial that more than one of the class's pupils is shown by."""
    shown = Counter(pupil.display_name for pupil in pupils_of(school_class))
    return [name for name, count in shown.items() if count > 1]
