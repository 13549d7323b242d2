from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import BigIntegerField, Count, Exists, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.errors import DomainError
from apps.core.operator_admin import DetailedModelAdmin, Figure
from apps.tenants.console import acting_operator
from apps.tenants.models import Tenant
from apps.usage import plans, plots
from apps.usage.models import UsageDay, UsageWarning, WorkspaceUsage
from apps.usage.plans import LIMITS, PLANS, Plan
from apps.usage.services import limits, overviews, plan_changes, series, usage
from apps.usage.services.readings import month_of
from apps.usage.words import amount

RECENT = 20


class PlanFilter(admin.SimpleListFilter):
    title = "plan"
    parameter_name = "plan"

    def lookups(self, *_: Any) -> list[tuple[str, str]]:
        return [(plan.slug, plan.name) for plan in PLANS.values()]

    def queryset(self, _request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == plans.FREE.slug:  # those without a row have it, too
            others = set(PLANS) - {plans.FREE.slug}
            return rows.exclude(workspace_plan__plan__in=others)
        return rows.filter(workspace_plan__plan=self.value()) if self.value() else rows


class NearFilter(admin.SimpleListFilter):
    title = "limits"
    parameter_name = "near"

    def lookups(self, *_: Any) -> list[tuple[str, str]]:
        return [("1", "near a limit")]

    def queryset(self, _request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(_is_warned()) if self.value() else rows


class UsageChangeList(ChangeList):
    """Knows of the rows it shows how near each is to its limits."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        near, chosen = overviews.nearest(rows), overviews.plans_of(rows)
        for row in rows:
            row.nearest, row.chosen_plan = near[row.schema_name], chosen[row.pk]
        self.result_list = rows


def _plan_action(plan: Plan) -> Callable[..., None]:
    def change(_page: Any, request: HttpRequest, chosen: QuerySet[Tenant]) -> None:
        for tenant in chosen:
            try:
                plan_changes.change(tenant=tenant, plan=plan.slug, by=acting_operator(request))
            except DomainError as error:
                messages.error(request, error.detail)
            else:
                messages.success(request, f"{tenant} has the plan {plan.name} now.")

    change.__name__ = f"plan_{plan.slug}"
    return admin.action(change, description=f"Change the plan to {plan.name}")


@admin.register(WorkspaceUsage)
class WorkspaceUsageAdmin(DetailedModelAdmin):
    """Who uses what, and who is near a limit. Numbers are the ledger's, up to a minute old."""

    list_display = (
        "name", "plan", "near", "people", "files", "database", "calls", "deploys", "jobs", "mails",
    )  # fmt: skip
    list_filter = (PlanFilter, NearFilter, "kind", "state")
    search_fields = ("name", "slug")
    list_select_related = ("parent",)
    list_per_page = 50
    actions = [_plan_action(plan) for plan in PLANS.values()]
    fields = ("name", "slug", "kind", "parent", "state", "created_at")
    list_before_template = "operator/_usage_totals.html"
    change_form_outer_before_template = "operator/_usage.html"

    def get_changelist(self, request: HttpRequest, **_: Any) -> type[ChangeList]:  # noqa: ARG002
        return UsageChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found: QuerySet[Any] = super().get_queryset(request)
        months = (plans.API_CALLS, plans.DEPLOYMENTS, plans.JOBS, plans.MAILS)
        counted: QuerySet[Any] = found.annotate(
            member_count=Count("memberships", distinct=True),
            stored=_sample(plans.STORAGE),
            table_size=_sample(plans.DATABASE),
            **{f"{metric}_month": _month(metric) for metric in months},
        )
        return counted

    def figures(self) -> list[Figure]:
        near = Tenant.objects.filter(_is_warned()).count()
        return [self.figure("Near a limit", near, "near=1", alarm=True)]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        shown = [plots.draw(one, by="day") for one in series.of_all()]
        return super().changelist_view(request, {"plots": shown, **(extra_context or {})})  # type: ignore[no-any-return]

    def details(self, request: HttpRequest, row: Any) -> dict[str, Any]:  # noqa: ARG002
        warned = UsageWarning.objects.filter(schema_name=row.schema_name)[:RECENT]
        return {
            "states": limits.of(row),
            "plan": limits.plan_of(row),
            "plots": [plots.draw(one, by="day") for one in series.of(row)],
            "warned": [(LIMITS[w.limit].label, w) for w in warned if w.limit in LIMITS],
        }

    @admin.display(description="Plan", ordering="workspace_plan__plan")
    def plan(self, row: Any) -> str:
        return str(row.chosen_plan.name)

    @admin.display(description="Nearest limit")
    def near(self, row: Any) -> SafeString | str:
        percent, key = row.nearest
        if not key:
            return "no limit"
        text = f"{percent} % {LIMITS[key].label}"
        return format_html("<strong>{}</strong>", text) if percent >= plans.THRESHOLDS[0] else text

    @admin.display(description="Members", ordering="member_count")
    def people(self, row: Any) -> int:
        return int(row.member_count)

    @admin.display(description="Files", ordering="stored")
    def files(self, row: Any) -> str:
        return filesizeformat(row.stored)

    @admin.display(description="Database", ordering="table_size")
    def database(self, row: Any) -> str:
        return filesizeformat(row.table_size)

    @admin.display(description="API calls, month", ordering="-api_calls_month")
    def calls(self, row: Any) -> str:
        return amount(row.api_calls_month, "count")

    @admin.display(description="Deployments, month", ordering="-deployments_month")
    def deploys(self, row: Any) -> str:
        return amount(row.deployments_month, "count")

    @admin.display(description="Jobs, month", ordering="-jobs_month")
    def jobs(self, row: Any) -> str:
        return amount(row.jobs_month, "count")

    @admin.display(description="Mails, month", ordering="-mails_month")
    def mails(self, row: Any) -> str:
        return amount(row.mails_month, "count")


def _is_warned() -> Exists:
    return Exists(UsageWarning.objects.open().filter(schema_name=OuterRef("schema_name")))


def _month(metric: str) -> Any:
    rows = UsageDay.objects.filter(
        schema_name=OuterRef("schema_name"), metric=metric, day__gte=month_of(usage.today())
    )
    total = rows.order_by().values("schema_name").annotate(total=Sum("amount")).values("total")
    return Coalesce(Subquery(total, output_field=BigIntegerField()), 0)


def _sample(metric: str) -> Any:
    rows = UsageDay.objects.filter(schema_name=OuterRef("schema_name"), metric=metric)
    return Coalesce(Subquery(rows.order_by("-day").values("amount")[:1]), 0)
