"""`/api/v1/workspace/configuration/`: reading, changing with If-Match, versions."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, pagination, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from apps.core.errors import DomainError, Invalid
from apps.tenants import configuration as reading
from apps.tenants.configuration_words import MARKS, WEEK_DAYS
from apps.tenants.models import ConfigurationVersion, Tenant
from apps.tenants.services import configuration

IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="the ETag that was read, or * to change whatever is there",
)
ETAG = OpenApiParameter("ETag", OpenApiTypes.STR, OpenApiParameter.HEADER, response=[200])


class PreconditionMissing(DomainError):
    """A change says which version it is about, so that nobody's work is overwritten unseen
    (RFC 6585 section 3).
    """

    code = "precondition_required"
    status = 428
    title = "Say which version you are changing"

    def __init__(self) -> None:
        super().__init__("Read the configuration and send its ETag along as If-Match.")


class TermShape(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=60)
    starts = serializers.DateField()
    ends = serializers.DateField()


class ConfigurationChange(serializers.Serializer[Any]):
    locale = serializers.CharField(required=False)
    time_zone = serializers.CharField(required=False, help_text="an IANA name")
    week_start = serializers.ChoiceField(choices=list(WEEK_DAYS), required=False)
    terms = TermShape(many=True, required=False, help_text="all of them; they do not overlap")
    features = serializers.DictField(
        child=serializers.BooleanField(allow_null=True),
        required=False,
        help_text="those named; null is the default",
    )
    accent = serializers.CharField(required=False, help_text='a colour as #rrggbb, or ""')
    mark = serializers.ChoiceField(choices=list(MARKS), required=False)


class ConfigurationShape(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    locale = serializers.CharField()
    time_zone = serializers.CharField()
    week_start = serializers.CharField()
    terms = TermShape(many=True)
    features = serializers.DictField(child=serializers.BooleanField())
    limits = serializers.DictField(
        child=serializers.IntegerField(), help_text="agreed with the operators, over the plan's"
    )
    accent = serializers.CharField()
    mark = serializers.CharField()


class VersionShape(serializers.ModelSerializer[ConfigurationVersion]):
    changed_by = serializers.CharField(source="by_label")
    changed_at = serializers.DateTimeField(source="created_at")
    changes = serializers.DictField(
        child=serializers.ListField(), help_text="setting: [before, after]"
    )

    class Meta:
        model = ConfigurationVersion
        fields = ["number", "changed_by", "changed_at", "changes", "reason", "restored_from"]


class NewestFirst(pagination.CursorPagination):
    ordering = "-number"
    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"


class ConfigurationViewSet(viewsets.GenericViewSet[Any]):
    serializer_class = ConfigurationShape
    required_permissions: ClassVar = {
        "retrieve": "workspace.view",
        "partial_update": "workspace.configure",
    }

    @extend_schema(responses=ConfigurationShape, parameters=[ETAG])
    def retrieve(self, request: Request, **_: Any) -> Response:
        return _answer(_tenant(request))

    @extend_schema(
        request=ConfigurationChange, responses=ConfigurationShape, parameters=[IF_MATCH, ETAG]
    )
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Change what is named; the rest stays. 412 when somebody was faster."""
        wanted = request.data
        if not isinstance(wanted, dict) or not wanted:
            raise Invalid("Send an object with the settings to change.")
        if unknown := sorted(set(wanted) - set(reading.FIELDS)):
            raise Invalid(errors={name: ["There is no such setting."] for name in unknown})
        tenant = configuration.change(
            tenant=_tenant(request), by=request.user, base=_base(request), exactly=True, **wanted
        )
        return _answer(tenant)


class ConfigurationVersionViewSet(
    mixins.ListModelMixin, viewsets.GenericViewSet[ConfigurationVersion]
):
    """Every configuration the workspace had, newest first; 0 is how it began."""

    serializer_class = VersionShape
    pagination_class = NewestFirst
    queryset = ConfigurationVersion.objects.none()
    lookup_field = "number"
    lookup_value_regex = r"\d{1,9}"
    required_permissions: ClassVar = {
        "list": "workspace.configure",
        "restore": "workspace.configure",
    }

    def get_queryset(self) -> QuerySet[ConfigurationVersion]:
        return configuration.history(tenant=_tenant(self.request))

    @extend_schema(request=None, responses=ConfigurationShape, parameters=[IF_MATCH, ETAG])
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, number: str, **_: Any) -> Response:
        """Make this version's settings those in force, as a new version. What belongs to
        operators stays.
        """
        tenant = configuration.restore(
            tenant=_tenant(request), number=int(number), by=request.user, base=_base(request)
        )
        return _answer(tenant)


def _tenant(request: Request) -> Tenant:
    tenant: Tenant = request._request.tenant  # type: ignore[attr-defined]
    return tenant


def _base(request: Request) -> int | None:
    """The version in If-Match; None for `*`, and for no version of ours one that never matches."""
    given = request.headers.get("If-Match", "").strip()
    if not given:
        raise PreconditionMissing
    tag = given.removeprefix("W/").strip('"')
    if given == "*":
        return None
    return int(tag) if tag.isdecimal() and len(tag) < 10 else -1  # noqa: PLR2004


def _answer(tenant: Tenant) -> Response:
    found = reading.of(tenant)
    values = found.model_dump(mode="json")
    values["features"] = found.switches()
    version = tenant.configuration_version
    shape = ConfigurationShape({"version": version, **values})
    return Response(shape.data, headers={"ETag": f'"{version}"'})


router = SimpleRouter()
router.register(
    "workspace/configuration/versions",
    ConfigurationVersionViewSet,
    basename="configuration-version",
)
one = ConfigurationViewSet.as_view({"get": "retrieve", "patch": "partial_update"})
urlpatterns = [path("workspace/configuration/", one, name="configuration"), *router.urls]
