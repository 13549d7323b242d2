from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import BigIntegerField, Count, Func, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import filesizeformat
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.admin import TabularInline

from apps.audit.models import AuditEntry
from apps.core.errors import DomainError
from apps.core.operator_admin import Figure, ReadOnlyModelAdmin
from apps.tenants import admin_jobs  # noqa: F401 -- registers the pages of jobs
from apps.tenants.admin_configuration import ConfigurationInline, ConfigurationPage
from apps.tenants.console import acting_operator, enter, leave, links_of
from apps.tenants.console_deeds import DEEDS
from apps.tenants.models import Departure, Domain, Invitation, Membership, Tenant
from apps.tenants.services import invitations, tenants

TIMELINE = 30


class SchemaSize(Func):
    """Bytes on disk of a schema's tables with their indexes, by the schema's name."""

    template = (
        "(SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind = 'r' AND n.nspname = %(expressions)s)"
    )
    output_field = BigIntegerField()


class DomainInline(TabularInline):  # type: ignore[misc]
    model = Domain
    extra = 0
    can_delete = False
    fields = readonly_fields = (
        "domain", "kind", "state", "created_by", "verified_at", "checked_at", "problem",
    )  # fmt: skip

    def has_add_permission(self, *_: Any) -> bool:
        return False


class MembershipInline(TabularInline):  # type: ignore[misc]
    model = Membership
    extra = 0
    can_delete = False
    fields = readonly_fields = ("user", "role", "custom_role", "created_at", "links")

    @admin.display(description="")
    def links(self, membership: Membership) -> SafeString:
        return links_of(membership)

    def has_add_permission(self, *_: Any) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        found: QuerySet[Membership] = (
            super().get_queryset(request).select_related("user", "custom_role")
        )
        return found


@admin.register(Tenant)
class TenantAdmin(ConfigurationPage, ReadOnlyModelAdmin):
    list_display = (
        "name", "slug", "kind", "state", "members", "keys", "size", "created_by", "created_at",
        "work_here",
    )  # fmt: skip
    list_filter = ("state", ("read_only_since", admin.EmptyFieldListFilter), "kind", "created_at")
    search_fields = ("name", "slug", "email", "domains__domain")
    list_select_related = ("created_by",)
    inlines = (DomainInline, MembershipInline, ConfigurationInline)
    readonly_fields = ("timeline",)
    actions: ClassVar[list[Any]] = ["retry", *(deed.as_action() for deed in DEEDS)]
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        found = super().get_queryset(request)
        counted: QuerySet[Tenant] = found.annotate(
            member_count=Count("memberships", distinct=True),
            key_count=Count("api_keys", distinct=True),
            size_in_bytes=SchemaSize("schema_name"),
        )
        return counted

    def figures(self) -> list[Figure]:
        failed = Tenant.objects.filter(state=Tenant.State.FAILED).count()
        state = Tenant.State
        suspended = Tenant.objects.filter(state=state.SUSPENDED).count()
        unpaid = Tenant.objects.filter(read_only_since__isnull=False).count()
        leaving = Tenant.objects.filter(state__in=[state.DELETING, state.PURGING]).count()
        return [
            self.figure("Workspaces", Tenant.objects.count()),
            self.figure("Suspended", suspended, "state__exact=suspended"),
            self.figure("Read-only", unpaid, "read_only_since__isempty=0"),
            self.figure("To be deleted", leaving, "state__in=deleting,purging"),
            self.figure("Set-ups failed", failed, "state__exact=failed", alarm=True),
        ]

    def get_urls(self) -> list[Any]:
        site = self.admin_site
        return [
            path("<int:pk>/work/", site.admin_view(self.work), name="work_in_workspace"),
            path("leave/", site.admin_view(self.leave), name="leave_workspace"),
            *super().get_urls(),
        ]

    @admin.display(description="Members", ordering="member_count")
    def members(self, tenant: Any) -> int:
        return int(tenant.member_count)

    @admin.display(description="API keys", ordering="key_count")
    def keys(self, tenant: Any) -> int:
        return int(tenant.key_count)

    @admin.display(description="Database", ordering="size_in_bytes")
    def size(self, tenant: Any) -> str:
        return filesizeformat(tenant.size_in_bytes or 0)

    @admin.display(description="What happened to it")
    def timeline(self, tenant: Tenant) -> SafeString:
        """The last changes to the workspace itself and its hosts, newest first."""
        about = Q(action__startswith="workspace.") | Q(action__startswith="domain.")
        entries = AuditEntry.objects.filter(about, schema_name=tenant.schema_name)
        rows = (
            (f"{entry.at:%Y-%m-%d %H:%M}", entry.action, entry.object_label, entry.actor_label,
             entry.data.get("reason", ""))
            for entry in entries.order_by("-sequence")[:TIMELINE]
        )  # fmt: skip
        lines = format_html_join("", "<li>{} UTC <b>{}</b> {}, by {} {}</li>", rows)
        return format_html("<ul>{}</ul>", lines)

    @admin.display(description="")
    def work_here(self, tenant: Tenant) -> SafeString:
        # The button posts the list's own form, with its token, to another address.
        return format_html(
            '<button type="submit" formmethod="post" formaction="{}" class="text-primary-600 '
            'dark:text-primary-500 font-medium cursor-pointer">Work here</button>',
            reverse("admin:work_in_workspace", args=[tenant.pk]),
        )

    @staticmethod
    @require_POST
    def work(request: HttpRequest, pk: int) -> HttpResponse:
        tenant = get_object_or_404(Tenant, pk=pk)
        enter(request, tenant)
        messages.success(request, f"You are working in {tenant} now.")
        return redirect("admin:index")

    @staticmethod
    @require_POST
    def leave(request: HttpRequest) -> HttpResponse:
        leave(request)
        return redirect("admin:tenants_tenant_changelist")

    @admin.action(description="Set up again (after a failure)")
    def retry(self, request: HttpRequest, chosen: QuerySet[Tenant]) -> None:
        for tenant in chosen:
            try:
                tenants.retry(tenant=tenant, by=acting_operator(request))
            except DomainError as error:
                messages.error(request, error.detail)
            else:
                messages.success(request, f"{tenant} is being set up again.")


@admin.register(Membership)
class MembershipAdmin(ReadOnlyModelAdmin):
    list_display = ("user", "tenant", "role", "custom_role", "created_at", "links")
    list_filter = ("role", "created_at")
    search_fields = ("user__email", "user__name", "tenant__name", "tenant__slug")
    list_select_related = ("user", "tenant", "custom_role")
    list_per_page = 50

    @admin.display(description="")
    def links(self, membership: Membership) -> SafeString:
        return links_of(membership)


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyModelAdmin):
    list_display = ("email", "tenant", "role", "invited_by", "created_at", "expires_at", "state")
    list_filter = ("role", "created_at")
    search_fields = ("email", "tenant__name", "tenant__slug")
    list_select_related = ("tenant", "invited_by")
    exclude = ("token_hash",)
    actions: ClassVar[list[str]] = ["revoke"]

    @admin.action(description="Take back")
    def revoke(self, request: HttpRequest, chosen: QuerySet[Invitation]) -> None:
        for invitation in chosen:
            try:
                invitations.revoke(invitation=invitation, by=acting_operator(request))
            except DomainError as error:
                messages.error(request, error.detail)
            else:
                messages.success(request, f"{invitation} opens nothing any more.")


@admin.register(Departure)
class DepartureAdmin(ReadOnlyModelAdmin):
    """Workspaces that are gone."""

    list_display = (
        "name", "slug", "schema_name", "asked_by", "reason", "began_at", "finished_at",
        "address_free_at",
    )  # fmt: skip
    list_filter = ("began_at",)
    search_fields = ("name", "slug", "schema_name", "asked_by")
    list_per_page = 50
