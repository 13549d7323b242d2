"""One list of twenty rows with one query, three times."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpRequest, JsonResponse
from django.urls import include, path, re_path
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.routers import SimpleRouter

from apps.rest.resources import Listed, WorkspaceViewSet
from apps.roblox.models import Experience


class RowSerializer(serializers.ModelSerializer[Experience]):
    class Meta:
        model = Experience
        fields = ("id", "name", "slug", "universe_id")


class Pages(CursorPagination):
    ordering = "-id"
    page_size = 50


def bare(_request: HttpRequest) -> JsonResponse:
    rows = Experience.objects.order_by("-id")[:51]
    names = ("id", "name", "slug", "universe_id")
    found = [{name: getattr(row, name) for name in names} for row in rows]
    return JsonResponse({"next": None, "previous": None, "results": found})


class PlainRows(ListAPIView[Experience]):
    queryset = Experience.objects.all()
    serializer_class = RowSerializer
    pagination_class = Pages
    versioning_class = None


class OurRows(Listed, WorkspaceViewSet[Experience]):
    queryset = Experience.objects.all()
    serializer_class = RowSerializer
    required_permissions: ClassVar = {"list": "experiences.view"}


router = SimpleRouter()
router.register("rows", OurRows, basename="row")
urlpatterns = [
    path("bare/rows/", bare),
    path("plain/rows/", PlainRows.as_view()),
    re_path(r"^api/(?P<version>v1)/", include(router.urls)),
]
