"""`/api/v1/workspace/configuration/`: reading, changing with If-Match, versions."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from apps.accounts.services import step_up
from apps.core.errors import Invalid
from apps.rest import queries
from apps.rest.pagination import CursorPagination
from apps.rest.resources import Listed, WorkspaceViewSet
from apps.rest.strictness import Nothing
from apps.tenants import configuration as reading
from apps.tenants.configuration_words import MARKS, WEEK_DAYS
from apps.tenants.models import ConfigurationVersion, Tenant
from apps.tenants.permissions import Role
from apps.tenants.services import configuration


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
    limits = serializers.DictField(
        child=serializers.IntegerField(allow_null=True),
        required=False,
        help_text="only operators change them",
    )
    accent = serializers.CharField(
        required=False, allow_blank=True, help_text='a colour as #rrggbb, or ""'
    )
    mark = serializers.ChoiceField(choices=list(MARKS), required=False)
    session_idle_minutes = serializers.IntegerField(
        required=False, allow_null=True, help_text="signed out when unused for so long"
    )
    session_hours = serializers.IntegerField(
        required=False, allow_null=True, help_text="signed out after, used or not"
    )
    mfa_roles = serializers.ListField(
        child=serializers.ChoiceField(choices=Role.choices),
        required=False,
        help_text="who has to have two-step sign-in; for owners to say",
    )


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
    session_idle_minutes = serializers.IntegerField(allow_null=True)
    session_hours = serializers.IntegerField(allow_null=True)
    mfa_roles = serializers.ListField(child=serializers.CharField())


class VersionShape(serializers.ModelSerializer[ConfigurationVersion]):
    changed_by = serializers.CharField(source="by_label")
    changed_at = serializers.DateTimeField(source="created_at")
    changes = serializers.DictField(
        child=serializers.ListField(), help_text="setting: [before, after]"
    )

    class Meta:
        model = ConfigurationVersion
        fields = ["number", "changed_by", "changed_at", "changes", "reason", "restored_from"]


class NewestFirst(CursorPagination):
    ordering = "-number"


class Versioned:
    """Mixin: the configuration's number is its ETag."""

    def present_etag(self: Any) -> str:
        return _etag(Tenant.objects.select_for_update(no_key=True).get(pk=self.tenant.pk))


class ConfigurationViewSet(Versioned, WorkspaceViewSet[Tenant]):
    serializer_class = ConfigurationShape
    queryset = Tenant.objects.none()
    inputs: ClassVar = {"partial_update": ConfigurationChange}
    if_match_required = frozenset({"partial_update"})
    required_permissions: ClassVar = {
        "retrieve": "workspace.view",
        "partial_update": "workspace.configure",
    }

    @extend_schema(responses=ConfigurationShape)
    def retrieve(self, _request: Request, **_: Any) -> Response:
        """How the workspace looks and behaves. `version` is its ETag."""
        return _answer(self, self.tenant)

    @extend_schema(responses=ConfigurationShape)
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Change what is named; the rest stays. 412 when somebody was faster."""
        if not self.given:
            raise Invalid("Send an object with the settings to change.")
        if configuration.SIGN_IN & set(self.given):
            step_up.require(request)
        tenant = configuration.change(tenant=self.tenant, by=request.user, **self.given)
        return _answer(self, tenant)


class ConfigurationVersionViewSet(Versioned, Listed, WorkspaceViewSet[ConfigurationVersion]):
    """Every configuration the workspace had, newest first; 0 is how it began."""

    inputs: ClassVar = {"restore": Nothing}
    if_match_required = frozenset({"restore"})
    proven = frozenset({"restore"})

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
        return configuration.history(tenant=self.tenant)

    @extend_schema(responses=ConfigurationShape)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, number: str, **_: Any) -> Response:
        """Make this version's settings those in force, as a new version. What belongs to
        operators stays.
        """
        tenant = configuration.restore(tenant=self.tenant, number=int(number), by=request.user)
        return _answer(self, tenant)


def _etag(tenant: Tenant) -> str:
    return f'"{tenant.configuration_version}"'


def _answer(view: Any, tenant: Tenant) -> Response:
    found = reading.of(tenant)
    values = found.model_dump(mode="json")
    values["features"] = found.switches()
    shape = ConfigurationShape({"version": tenant.configuration_version, **values})
    queries.select(shape, view.request)
    return Response(shape.data, headers={"ETag": _etag(tenant)})


router = SimpleRouter()
router.register(
    "workspace/configuration/versions",
    ConfigurationVersionViewSet,
    basename="configuration-version",
)
one = ConfigurationViewSet.as_view({"get": "retrieve", "patch": "partial_update"})
urlpatterns = [path("workspace/configuration/", one, name="configuration"), *router.urls]
