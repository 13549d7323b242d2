"""`/api/v1/classes/` and `/api/v1/pupils/`. A person reaches the classes they teach; who holds
`classes.manage_all`, a key for example, all of them.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import OuterRef
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.classes import rosters
from apps.classes.api import serializers as shapes
from apps.classes.models import ClassPupil, Pupil, SchoolClass
from apps.classes.services import classes, pupils
from apps.rest.resources import Listed, Retrieved, WorkspaceViewSet
from apps.rest.strictness import Nothing

UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class ClassFilter(filters.FilterSet):  # type: ignore[misc]
    is_archived = filters.BooleanFilter(
        field_name="archived_at", lookup_expr="isnull", exclude=True
    )

    class Meta:
        model = SchoolClass
        fields = ["name", "is_archived"]


class ClassViewSet(Listed, Retrieved, WorkspaceViewSet[SchoolClass]):
    inputs: ClassVar = {
        "create": shapes.ClassInput,
        "partial_update": shapes.ClassChange,
        "code": Nothing,
    }
    orderings = ("name", "created_at")
    serializer_class = shapes.ClassSerializer
    queryset = SchoolClass.objects.none()
    filterset_class = ClassFilter
    lookup_value_regex = UUID
    required_permissions: ClassVar = {
        "list": "classes.view",
        "retrieve": "classes.view",
        "create": "classes.create",
        "partial_update": "classes.update",
        "code": "classes.update",
    }

    def get_queryset(self) -> Any:
        return rosters.with_counts(classes.visible(by=self.request.user))

    @extend_schema(responses={201: shapes.ClassSerializer})
    def create(self, request: Request, **_: Any) -> Response:
        """Make a class. A person who makes one teaches it."""
        made = classes.create(by=request.user, **self.given)
        return self._shown(made, status=status.HTTP_201_CREATED)

    @extend_schema(responses=shapes.ClassSerializer)
    def partial_update(self, _request: Request, **_: Any) -> Response:
        """Rename it, close it to sign-in for a while, or archive it."""
        with transaction.atomic():
            changed = self._change(self.get_object(), self.given)
        return self._shown(changed)

    @extend_schema(responses=shapes.ClassSerializer)
    @action(detail=True, methods=["post"])
    def code(self, request: Request, **_: Any) -> Response:
        """Give it a new code; the earlier one is void."""
        return self._shown(classes.renew_code(school_class=self.get_object(), by=request.user))

    def _change(self, school_class: SchoolClass, wish: dict[str, Any]) -> SchoolClass:
        by = self.request.user
        if "is_archived" in wish:
            school_class = classes.set_archived(
                school_class=school_class, archived=wish["is_archived"], by=by
            )
        if "name" in wish:
            school_class = classes.rename(school_class=school_class, name=wish["name"], by=by)
        if "is_paused" in wish:
            school_class = classes.set_paused(
                school_class=school_class, paused=wish["is_paused"], by=by
            )
        return school_class

    def _shown(self, school_class: SchoolClass, status: int = 200) -> Response:
        found = rosters.with_counts(SchoolClass.objects.all()).get(pk=school_class.pk)
        return self.answer(found, status=status)


class PupilFilter(filters.FilterSet):  # type: ignore[misc]
    class_id = filters.UUIDFilter(method="of_class")
    name = filters.CharFilter(field_name="user__name", lookup_expr="icontains")

    class Meta:
        model = Pupil
        fields = ["class_id", "name"]

    def of_class(self, rows: Any, _name: str, value: Any) -> Any:
        places = ClassPupil.objects.filter(school_class=value).values("user_id")
        return rows.filter(user_id__in=places)


class PupilViewSet(Listed, Retrieved, WorkspaceViewSet[Pupil]):
    """Students without an e-mail, whom teachers look after."""

    inputs: ClassVar = {
        "create": shapes.PupilsInput,
        "partial_update": shapes.PupilChange,
        "destroy": Nothing,
        "move": shapes.PupilMove,
        "reset_pictures": Nothing,
        "unlock": Nothing,
    }
    serializer_class = shapes.PupilSerializer
    queryset = Pupil.objects.none()
    filterset_class = PupilFilter
    lookup_field = "user_id"
    lookup_url_kwarg = "id"
    lookup_value_regex = UUID
    required_permissions: ClassVar = {
        "list": "pupils.view",
        "retrieve": "pupils.view",
        "create": "pupils.create",
        "partial_update": "pupils.update",
        "destroy": "pupils.remove",
        "move": "pupils.update",
        "reset_pictures": "pupils.update",
        "unlock": "pupils.update",
    }

    def get_queryset(self) -> Any:
        places = ClassPupil.objects.filter(user_id=OuterRef("user_id"))
        ids = ArraySubquery(places.order_by("created_at").values("school_class_id"))
        return pupils.visible(by=self.request.user).annotate(class_ids=ids)

    @extend_schema(responses={201: shapes.PupilSerializer(many=True)})
    def create(self, request: Request, **_: Any) -> Response:
        """Add one or many pupils to a class: all of them or none."""
        wish = self.given
        school_class = classes.find(class_id=wish["class_id"], by=request.user)
        made = pupils.add(school_class=school_class, names=wish["names"], by=request.user)
        rows = self.get_queryset().filter(pk__in=[pupil.pk for pupil in made]).order_by("pk")
        data = self.get_serializer(rows, many=True).data
        return Response(data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=shapes.PupilSerializer)
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Change the name by which the pupil signs in."""
        return self._shown(pupils.rename(pupil=self.get_object(), by=request.user, **self.given))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **_: Any) -> Response:
        """Take the pupil out of all classes that are yours; out of the last one the account goes
        with its place.
        """
        pupil = self.get_object()
        mine = classes.visible(by=request.user).values("pk")
        places = ClassPupil.objects.filter(user=pupil.user_id, school_class__in=mine)
        with transaction.atomic():
            for place in places.select_related("user", "school_class"):
                pupils.remove(place=place, by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=shapes.PupilSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, **_: Any) -> Response:
        """From one class to another."""
        pupil, wish = self.get_object(), self.given
        school_class = classes.find(class_id=wish["from_class_id"], by=request.user)
        place = pupils.find_place(school_class=school_class, user_id=pupil.user_id)
        to = classes.find(class_id=wish["to_class_id"], by=request.user)
        pupils.move(place=place, to=to, by=request.user)
        return self._shown(pupil)

    @extend_schema(responses=shapes.PupilSerializer)
    @action(detail=True, methods=["post"], url_path="reset-pictures")
    def reset_pictures(self, request: Request, **_: Any) -> Response:
        """Have the pupil choose new pictures on the next sign-in."""
        return self._shown(pupils.reset_pictures(pupil=self.get_object(), by=request.user))

    @extend_schema(responses=shapes.PupilSerializer)
    @action(detail=True, methods=["post"])
    def unlock(self, request: Request, **_: Any) -> Response:
        """Let the pupil try pictures again at once."""
        return self._shown(pupils.unlock(pupil=self.get_object(), by=request.user))

    def _shown(self, pupil: Pupil) -> Response:
        return self.answer(self.get_queryset().get(pk=pupil.pk))
