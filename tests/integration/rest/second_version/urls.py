"""An API with a second version: experiences have a `title`, and their universe is an object.

The views are the product's own but for what stands here; `v1` goes on by two declared changes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from apps.rest.resources import Listed, Retrieved, WorkspaceViewSet
from apps.rest.versions import Change, Deprecation, deprecated_fields
from apps.roblox.models import Experience
from apps.roblox.services import experiences

FIRST = Deprecation(
    since=datetime(2026, 11, 1, tzinfo=UTC),
    sunset=datetime(2027, 11, 1, tzinfo=UTC),
    see="https://example.org/docs/v2/",
)
OLD_ACTION = Deprecation(since=datetime(2026, 11, 2, tzinfo=UTC))


class UniverseShape(serializers.Serializer[Any]):
    id = serializers.IntegerField(min_value=1)


class Input(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=100)
    universe = UniverseShape()


@deprecated_fields(nickname=OLD_ACTION)
class InputWithNickname(Input):
    nickname = serializers.CharField(required=False)


class InputBeforeUniverses(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=100)
    universe_id = serializers.IntegerField(min_value=1)


class InputOfV1(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    universe_id = serializers.IntegerField(min_value=1)


class Shape(serializers.Serializer[Any]):
    slug = serializers.CharField()
    title = serializers.CharField(source="name")
    universe = serializers.SerializerMethodField()

    def get_universe(self, experience: Experience) -> dict[str, int]:
        return {"id": experience.universe_id}


class ShapeBeforeUniverses(serializers.Serializer[Any]):
    slug = serializers.CharField()
    title = serializers.CharField()
    universe_id = serializers.IntegerField()


class ShapeOfV1(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    universe_id = serializers.IntegerField()


class UniverseIsAnObject(Change):
    since = "v3"
    shapes: ClassVar = {InputWithNickname: InputBeforeUniverses, Shape: ShapeBeforeUniverses}

    def request(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"universe": {"id": given.pop("universe_id")}, **given}

    def response(self, resource: dict[str, Any]) -> dict[str, Any]:
        return {"universe_id": resource.pop("universe")["id"], **resource}


class NameIsTitle(Change):
    since = "v2"
    shapes: ClassVar = {InputBeforeUniverses: InputOfV1, ShapeBeforeUniverses: ShapeOfV1}

    def request(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"title": given.pop("name"), **given}

    def response(self, resource: dict[str, Any]) -> dict[str, Any]:
        return {"name": resource.pop("title"), **resource}


class ExperienceViewSet(Listed, Retrieved, WorkspaceViewSet[Experience]):
    serializer_class = Shape
    lookup_field = "slug"
    queryset = Experience.objects.all()
    inputs: ClassVar = {"create": InputWithNickname}
    deprecated: ClassVar = {"list": OLD_ACTION}
    changes = (NameIsTitle, UniverseIsAnObject)
    required_permissions: ClassVar = {
        "list": "experiences.view",
        "retrieve": "experiences.view",
        "create": "experiences.create",
    }

    def create(self, request: Request, **_: Any) -> Response:
        made = experiences.create(
            name=self.given["title"], universe_id=self.given["universe"]["id"], by=request.user
        )
        return self.answer(made, status=status.HTTP_201_CREATED)


router = SimpleRouter()
router.register("experiences", ExperienceViewSet, basename="experience")
api = [*router.urls, path("schema/", SpectacularAPIView.as_view())]
urlpatterns = [re_path(r"^api/(?P<version>v[1-3])/", include(api))]
