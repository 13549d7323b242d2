"""The console: workspaces' own sign-ins, how they fare, and the way in when one is out of order."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from apps.core.operator_admin import Figure, ReadOnlyModelAdmin, moment
from apps.sso.models import Connection
from apps.sso.services import break_glass, connections
from apps.tenants.console import acting_operator
from apps.tenants.deeds import Deed, ReasonForm


def _describe(connection: Connection) -> str:
    return f"{connection.tenant} ({connection.tenant.slug}): {connection.issuer}"


LIFT = Deed(
    "lift", "Lift the requirement",
    "For owners who are locked out. Passwords, codes and passkeys of members work again until an "
    "owner requires the issuer anew. It stands in the workspace's audit and in yours, with your "
    "name and your reason, and its owners get a mail.",
    "{}: members may use means of their own.", break_glass.lift, ReasonForm,
    one_at_a_time=True, subject="connection", describe=_describe,
)  # fmt: skip


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, *_: Any) -> list[tuple[str, str]]:
        return [("failing", "failing"), ("required", "required"), ("untried", "never tried")]

    def queryset(self, _request: HttpRequest, rows: Any) -> QuerySet[Connection]:
        found: dict[str | None, Any] = {
            "failing": rows.failing,
            "required": lambda: rows.filter(tenant__sso_required=True),
            "untried": lambda: rows.filter(tested_at__isnull=True),
        }
        chosen: QuerySet[Connection] = found.get(self.value(), rows.all)()
        return chosen


@admin.register(Connection)
class ConnectionAdmin(ReadOnlyModelAdmin):
    """The client secret stays out of sight, and so do the people behind `people`."""

    list_display = (
        "tenant", "issuer", "state", "required", "people", "last_sign_in", "last_failed_at",
        "last_failure", "tested_at",
    )  # fmt: skip
    list_filter = (StateFilter, "joins")
    list_select_related = ("tenant",)
    search_fields = ("tenant__name", "tenant__slug", "issuer", "email_domains")
    exclude = ("client_secret",)
    readonly_fields = ("state", "required", "people", "last_sign_in")
    actions: ClassVar[list[Any]] = ["try_discovery", LIFT.as_action()]
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        found: Any = super().get_queryset(request)
        counted: QuerySet[Connection] = found.with_last_sign_in().annotate(
            people_count=Count("identities", distinct=True)
        )
        return counted

    def figures(self) -> list[Figure]:
        failing = Connection.objects.failing().count()
        return [self.figure("School sign-ins failing", failing, "state=failing", alarm=True)]

    @admin.display(description="State")
    def state(self, connection: Connection) -> str:
        if connection.works:
            return "works"
        return "failing" if connection.problem else "not tried"

    @admin.display(description="Required", ordering="tenant__sso_required")
    def required(self, connection: Connection) -> str:
        return "required" if connection.tenant.sso_required else "optional"

    @admin.display(description="People", ordering="people_count")
    def people(self, connection: Any) -> int:
        return int(connection.people_count)

    @admin.display(description="Last sign-in", ordering="last_signed_in_at")
    def last_sign_in(self, connection: Any) -> str:
        return moment(connection.last_signed_in_at)

    @admin.action(description="Try the discovery document")
    def try_discovery(self, request: HttpRequest, chosen: QuerySet[Connection]) -> None:
        """As owners do it on their page, up to the first thing that is wrong."""
        for connection in chosen.select_related("tenant"):
            tenant = connection.tenant
            checks = connections.test(
                tenant=tenant, redirect_uri=connections.callback_urls(tenant)[0],
                by=acting_operator(request),
            )  # fmt: skip
            for check in checks:
                tell = messages.success if check.passed else messages.error
                tell(request, f"{tenant}: {check.title}. {check.detail}")
