"""The console: the classes of the chosen workspace. Pupils are children, so staff see how many
there are and how they get in, and nobody's name, code, badge or pictures.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Exists, IntegerField, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone

from apps.classes.models import ClassPupil, Guardianship, Pupil, SchoolClass
from apps.core.operator_admin import moment
from apps.tenants.console import WorkspaceModelAdmin, chosen_workspace


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, *_: Any) -> list[tuple[str, str]]:
        return [("open", "open"), ("paused", "paused"), ("archived", "archived")]

    def queryset(self, _request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "archived":
            return rows.filter(archived_at__isnull=False)
        if self.value() in {"open", "paused"}:
            paused = self.value() == "paused"
            return rows.filter(archived_at__isnull=True, paused_at__isnull=not paused)
        return rows


@admin.register(SchoolClass)
class SchoolClassAdmin(WorkspaceModelAdmin):
    list_display = (
        "name", "state", "teacher_count", "pupil_count", "with_pictures", "locked", "last_sign_in",
        "created_at",
    )  # fmt: skip
    list_filter = (StateFilter,)
    search_fields = ("name",)
    fields = readonly_fields = (
        "name", "state", "teacher_count", "pupil_count", "with_pictures", "choosing", "badge_only",
        "locked", "with_guardian", "last_sign_in", "paused_at", "archived_at", "created_at",
    )  # fmt: skip
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        if chosen_workspace(request) is None:
            return rows.none()
        now = timezone.now()
        no_pictures, choosing = Q(picture_hash=""), Q(choose_until__gt=now)
        locked = Q(locked_until__gt=now)
        child = Guardianship.objects.filter(child=OuterRef("user"))
        counted: QuerySet[Any] = rows.annotate(
            teachers_here=Count("teachers", distinct=True),
            pupils_here=Count("pupils", distinct=True),
            ready_here=_pupils(~no_pictures & ~locked),
            choosing_here=_pupils(no_pictures & choosing & ~locked),
            badges_here=_pupils(no_pictures & ~choosing & ~locked),
            locked_here=_pupils(locked),
            guarded_here=_pupils(Exists(child)),
            last_here=_newest(),
        )
        return counted

    @admin.display(description="State")
    def state(self, row: SchoolClass) -> str:
        if not row.is_open:
            return "archived"
        return "paused" if row.is_paused else "open"

    @admin.display(description="Teachers", ordering="teachers_here")
    def teacher_count(self, row: Any) -> int:
        return int(row.teachers_here)

    @admin.display(description="Pupils", ordering="pupils_here")
    def pupil_count(self, row: Any) -> int:
        return int(row.pupils_here)

    @admin.display(description="Have pictures", ordering="ready_here")
    def with_pictures(self, row: Any) -> int:
        return int(row.ready_here)

    @admin.display(description="Choose pictures next time")
    def choosing(self, row: Any) -> int:
        return int(row.choosing_here)

    @admin.display(description="Badge only")
    def badge_only(self, row: Any) -> int:
        return int(row.badges_here)

    @admin.display(description="Held up by wrong tries", ordering="locked_here")
    def locked(self, row: Any) -> int:
        return int(row.locked_here)

    @admin.display(description="Have a guardian here")
    def with_guardian(self, row: Any) -> int:
        return int(row.guarded_here)

    @admin.display(description="Last sign-in of a pupil", ordering="last_here")
    def last_sign_in(self, row: Any) -> str:
        return moment(row.last_here)


def _places() -> QuerySet[ClassPupil, Any]:
    return ClassPupil.objects.filter(school_class=OuterRef("pk")).order_by().values("school_class")


def _of_place(condition: Any) -> QuerySet[Pupil]:
    return Pupil.objects.filter(condition, user=OuterRef("user"))


def _pupils(condition: Any) -> Any:
    """How many pupils of the class are so."""
    counted = _places().filter(Exists(_of_place(condition))).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _newest() -> Any:
    seen = Pupil.objects.filter(user=OuterRef("user")).values("last_signed_in_at")[:1]
    return Subquery(_places().annotate(seen=Max(Subquery(seen))).values("seen"))
