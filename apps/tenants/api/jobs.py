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

PLAIN = "job"
KINDS = (PLAIN, *JobRun.Kind.values)
MOST_MEMBERS = 100
ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class JobProblemSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    title = serializers.CharField(required=False)
    detail = serializers.CharField(required=False)


class JobSerializer(serializers.ModelSerializer[JobRun]):
    task = serializers.CharField(source="name", help_text="what is done, as `transfers.export`")
    title = serializers.CharField(help_text="the same for people")
    kind = serializers.SerializerMethodField(
        help_text="a chain or group has members, under which the work is done"
    )
    progress = serializers.IntegerField(min_value=0, max_value=100, help_text="percent")
    requested_by = serializers.CharField(help_text="empty: the system")
    duration_seconds = serializers.SerializerMethodField(
        help_text="of the last attempt; null until it has ended"
    )
    problem = serializers.SerializerMethodField(
        help_text="why it failed, was cancelled, or is tried again"
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
            "id", "task", "title", "kind", "parent", "stage", "state", "progress", "message",
            "problem", "attempts", "max_attempts", "requested_by", "trace_id", "created_at",
            "due_at", "started_at", "finished_at", "duration_seconds", "cancel_asked_at",
            "cancellable", "replayable",
        ]  # fmt: skip
        read_only_fields = fields
        extra_kwargs: ClassVar = {
            "parent": {"help_text": "the chain or group it is a member of"},
            "stage": {"help_text": "its turn there; those of one stage go side by side"},
        }

    @extend_schema_field(serializers.ChoiceField(choices=KINDS))
    def get_kind(self, run: JobRun) -> str:
        return run.kind or PLAIN

    def get_duration_seconds(self, run: JobRun) -> float | None:
        return run.run_seconds if run.is_final else None

    @extend_schema_field(JobProblemSerializer(allow_null=True))
    def get_problem(self, run: JobRun) -> dict[str, str] | None:
        if not run.problem:
            return None
        told = {name: str(run.problem.get(name, "")) for name in ("title", "detail")}
        return {"code": str(run.problem.get("code", "unknown")), **told}


class JobDetailSerializer(JobSerializer):
    result = serializers.JSONField(help_text="what the task says of its work")

    members = serializers.SerializerMethodField(
        help_text=f"of a chain or group the first {MOST_MEMBERS}, in their order. All of "
        "them: `?parent=`"
    )

    class Meta(JobSerializer.Meta):
        fields = [*JobSerializer.Meta.fields, "result", "members"]
        read_only_fields = fields

    @extend_schema_field(JobSerializer(many=True))
    def get_members(self, run: JobRun) -> list[dict[str, Any]]:
        rows = jobs.members_of(run)[:MOST_MEMBERS] if run.kind else ()
        return [dict(JobSerializer(row).data) for row in rows]


class JobFilter(filters.FilterSet):  # type: ignore[misc]
    task = filters.CharFilter(field_name="name")
    requested_by = filters.CharFilter(field_name="actor_label")
    since = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    kind = filters.ChoiceFilter(choices=[(k, k) for k in KINDS], method="of_kind")
    parent = filters.UUIDFilter(field_name="parent", label="members of this chain or group")
    whole = filters.BooleanFilter(
        field_name="parent", lookup_expr="isnull",
        label="true: without members, which stand in their chain or group",
    )  # fmt: skip

    class Meta:
        model = JobRun
        fields = ["state", "task", "requested_by", "since", "kind", "parent", "whole"]

    def of_kind(self, rows: QuerySet[JobRun], _: str, kind: str) -> QuerySet[JobRun]:
        return rows.filter(kind="" if kind == PLAIN else kind)


class JobViewSet(Listed, Retrieved, WorkspaceViewSet[JobRun]):
    """Background work, newest first: while it waits and runs, and as a record. Jobs that belong
    together are members of a chain (one after the other) or a group (side by side), whose state and
    progress are those of the whole. Instead of asking again and again listen to `job.changed`, or
    have a webhook told of `job.failed`.
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
        """Stop it: at once when it has not begun, else where it next reports its progress. A chain
        or group stops with all its members. Takes the permission to begin such work, too; of all
        members and of what comes after a member.
        """
        return self._accepted(
            jobs.cancel(tenant=self.tenant, run=self.get_object(), by=request.user)
        )

    @extend_schema(responses={202: JobDetailSerializer})
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, **_: Any) -> Response:
        """Run a failed or cancelled job again; it keeps its id and its attempts go on counting. A
        chain goes on from what failed, a group does again what did not succeed. Takes the
        permission to begin such work, too; of all members and of what comes after a member.
        """
        return self._accepted(
            jobs.replay(tenant=self.tenant, run=self.get_object(), by=request.user)
        )

    def _accepted(self, run: JobRun) -> Response:
        return self.answer(run, status=status.HTTP_202_ACCEPTED)


router = SimpleRouter()
router.register("jobs", JobViewSet, basename="job")
urlpatterns = router.urls
