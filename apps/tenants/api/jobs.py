"""`/api/v1/jobs/`: what runs in the background for the workspace."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from apps.jobs.models import JobRun
from apps.rest.resources import Listed, Retrieved, WorkspaceViewSet
from apps.rest.strictness import Nothing
from apps.tenants.services import jobs

ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class JobSerializer(serializers.ModelSerializer[JobRun]):
    task = serializers.CharField(source="name", help_text="what is done, as `transfers.export`")
    title = serializers.CharField(help_text="the same for people")
    progress = serializers.IntegerField(min_value=0, max_value=100, help_text="percent")
    requested_by = serializers.CharField(source="actor_label", help_text="empty: the system")
    duration_seconds = serializers.SerializerMethodField(
        help_text="of the last attempt; null until it has ended"
    )
    cancellable = serializers.BooleanField(
        source="is_cancellable", help_text="by who may begin such work"
    )
    replayable = serializers.BooleanField(
        source="is_replayable", help_text="by who may begin such work"
    )

    class Meta:
        model = JobRun
        fields = [
            "id", "task", "title", "state", "progress", "message", "attempts", "max_attempts",
            "requested_by", "trace_id", "created_at", "due_at", "started_at", "finished_at",
            "duration_seconds", "cancel_asked_at", "cancellable", "replayable",
        ]  # fmt: skip
        read_only_fields = fields

    def get_duration_seconds(self, run: JobRun) -> float | None:
        return run.run_seconds if run.is_final else None


class JobProblemSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    title = serializers.CharField(required=False)
    detail = serializers.CharField(required=False)


class JobDetailSerializer(JobSerializer):
    result = serializers.JSONField(help_text="what the task says of its work")
    problem = serializers.SerializerMethodField(
        help_text="why it failed, was cancelled, or is tried again"
    )

    class Meta(JobSerializer.Meta):
        fields = [*JobSerializer.Meta.fields, "result", "problem"]
        read_only_fields = fields

    @extend_schema_field(JobProblemSerializer(allow_null=True))
    def get_problem(self, run: JobRun) -> dict[str, str] | None:
        if not run.problem:
            return None
        told = {name: str(run.problem.get(name, "")) for name in ("title", "detail")}
        return {"code": str(run.problem.get("code", "unknown")), **told}


class JobFilter(filters.FilterSet):  # type: ignore[misc]
    task = filters.CharFilter(field_name="name")
    requested_by = filters.CharFilter(field_name="actor_label")
    since = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")

    class Meta:
        model = JobRun
        fields = ["state", "task", "requested_by", "since"]


class JobViewSet(Listed, Retrieved, WorkspaceViewSet[JobRun]):
    """Background work, newest first: while it waits and runs, and as a record. Instead of asking
    again and again listen to `job.changed`, or have a webhook told of `job.failed`.
    """

    inputs: ClassVar = {"cancel": Nothing, "replay": Nothing}
    queryset = JobRun.objects.none()
    filterset_class = JobFilter
    orderings = ("created_at",)
    lookup_value_regex = ID
    request_costs: ClassVar = {"replay": 5}
    required_permissions: ClassVar = {
        "list": "jobs.view",
        "retrieve": "jobs.view",
        "cancel": "jobs.manage",
        "replay": "jobs.manage",
    }

    def get_queryset(self) -> QuerySet[JobRun]:
        return jobs.of(self.tenant)

    def get_serializer_class(self) -> Any:
        return JobSerializer if self.action == "list" else JobDetailSerializer

    @extend_schema(responses={202: JobDetailSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **_: Any) -> Response:
        """Stop it: at once when it has not begun, else where it next reports its progress. Takes
        the permission to begin such work, too.
        """
        return self._accepted(
            jobs.cancel(tenant=self.tenant, run=self.get_object(), by=request.user)
        )

    @extend_schema(responses={202: JobDetailSerializer})
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, **_: Any) -> Response:
        """Run a failed or cancelled job again; it keeps its id and its attempts go on counting.
        Takes the permission to begin such work, too.
        """
        return self._accepted(
            jobs.replay(tenant=self.tenant, run=self.get_object(), by=request.user)
        )

    def _accepted(self, run: JobRun) -> Response:
        return self.answer(run, status=status.HTTP_202_ACCEPTED)


router = SimpleRouter()
router.register("jobs", JobViewSet, basename="job")
urlpatterns = router.urls
