"""The console: what identity providers have done in workspaces, and the tokens they come with.
People of a workspace are counted, not shown; addresses in what is told of errors are left out.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from unfold.admin import TabularInline

from apps.core.operator_admin import Figure, ReadOnlyModelAdmin, moment
from apps.scim.models import (
    ProvisionedWorkspace,
    ScimGroup,
    ScimRequest,
    ScimToken,
    ScimUser,
)
from apps.scim.services import tokens
from apps.tenants.deeds import Deed, ReasonForm

FIRST_ERROR = 400
EMAIL = re.compile(r"[^\s\"'=<>@/]+@[^\s\"'<>&/]+")
LAST_ERRORS = 20


def _describe(token: ScimToken) -> str:
    return f"{token} of {token.tenant} ({token.tenant.slug})"


REVOKE = Deed(
    "revoke", "Revoke",
    "The identity provider gets in with it no more, from its next request on: nobody is added or "
    "suspended by it. It stands in the workspace's audit and in yours, with your reason.",
    "{} opens nothing any more.", tokens.revoke, ReasonForm, subject="token", describe=_describe,
)  # fmt: skip


def without_addresses(text: str) -> str:
    """With … in the place of every e-mail address."""
    return EMAIL.sub("…", text)


class ReadOnlyInline(TabularInline):  # type: ignore[misc]
    extra = 0
    can_delete = False

    def has_add_permission(self, *_: Any) -> bool:
        return False

    def has_change_permission(self, *_: Any) -> bool:
        return False


class TokenInline(ReadOnlyInline):
    model = ScimToken
    fields = readonly_fields = ("name", "prefix", "state", "last_used_at", "expires_at")


class GroupInline(ReadOnlyInline):
    """What a group gives here. Its members are a number."""

    model = ScimGroup
    fields = readonly_fields = ("display_name", "role", "gives_class", "people", "updated_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ScimGroup]:
        found: QuerySet[ScimGroup] = super().get_queryset(request)
        return found.annotate(member_count=Count("members"))

    @admin.display(description="Class")
    def gives_class(self, group: ScimGroup) -> str:
        return "gives a class" if group.class_id else "-"

    @admin.display(description="Members")
    def people(self, group: Any) -> int:
        return int(group.member_count)


@admin.register(ProvisionedWorkspace)
class ProvisionedWorkspaceAdmin(ReadOnlyModelAdmin):
    """Workspaces whose owners have set provisioning up."""

    list_display = (
        "name", "slug", "working_tokens", "users", "suspended", "waiting", "groups", "last_sync",
        "last_error_at", "last_error",
    )  # fmt: skip
    search_fields = ("name", "slug")
    fields = readonly_fields = (
        "name", "slug", "state", "users", "suspended", "waiting", "last_sync", "last_errors",
    )  # fmt: skip
    inlines = (TokenInline, GroupInline)
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        errors = ScimRequest.objects.filter(tenant=OuterRef("pk"), status__gte=FIRST_ERROR)
        newest = errors.order_by("-pk")
        used = ScimToken.objects.filter(tenant=OuterRef("pk"), last_used_at__isnull=False)
        found: QuerySet[Any] = rows.filter(scim_tokens__isnull=False).distinct()
        counted: QuerySet[Any] = found.annotate(
            token_count=_count(ScimToken.objects.usable()),
            user_count=_count(ScimUser.objects.all()),
            suspended_count=_count(ScimUser.objects.filter(active=False)),
            waiting_count=_count(ScimUser.objects.filter(user=None, active=True)),
            group_count=_count(ScimGroup.objects.all()),
            synced_at=Subquery(used.order_by("-last_used_at").values("last_used_at")[:1]),
            failed_at=Subquery(newest.values("at")[:1]),
            failure=Subquery(newest.values("detail")[:1]),
        )
        return counted

    @admin.display(description="Tokens", ordering="token_count")
    def working_tokens(self, row: Any) -> int:
        return int(row.token_count)

    @admin.display(description="Users", ordering="user_count")
    def users(self, row: Any) -> int:
        return int(row.user_count)

    @admin.display(description="Suspended", ordering="suspended_count")
    def suspended(self, row: Any) -> int:
        return int(row.suspended_count)

    @admin.display(description="Invited", ordering="waiting_count")
    def waiting(self, row: Any) -> int:
        return int(row.waiting_count)

    @admin.display(description="Groups", ordering="group_count")
    def groups(self, row: Any) -> int:
        return int(row.group_count)

    @admin.display(description="Last sync", ordering="synced_at")
    def last_sync(self, row: Any) -> str:
        return moment(row.synced_at)

    @admin.display(description="Last error at", ordering="failed_at")
    def last_error_at(self, row: Any) -> str:
        return moment(row.failed_at)

    @admin.display(description="Last error")
    def last_error(self, row: Any) -> str:
        return without_addresses(row.failure or "")

    @admin.display(description="Last errors")
    def last_errors(self, row: Any) -> str:
        """Of the last 200 requests, without their queries, which name people."""
        errors = ScimRequest.objects.filter(tenant=row, status__gte=FIRST_ERROR)
        lines = [
            f"{each.at:%Y-%m-%d %H:%M} {each.method} {each.path.partition('?')[0]} "
            f"{each.status}: {without_addresses(each.detail)}"
            for each in errors[:LAST_ERRORS]
        ]
        return "\n".join(lines) or "none"


@admin.register(ScimToken)
class ScimTokenAdmin(ReadOnlyModelAdmin):
    list_display = (
        "name", "prefix", "tenant", "state", "last_used_at", "expires_at", "revoked_at",
        "created_at",
    )  # fmt: skip
    list_filter = ("created_at", "expires_at", "revoked_at")
    list_select_related = ("tenant",)
    search_fields = ("name", "prefix", "tenant__name", "tenant__slug")
    exclude = ("secret_hash",)
    actions: ClassVar[list[Any]] = [REVOKE.as_action()]
    list_per_page = 50

    def figures(self) -> list[Figure]:
        return [self.figure("SCIM tokens in use", ScimToken.objects.usable().count())]


def _count(rows: QuerySet[Any]) -> Any:
    """How many of them are the workspace's, without multiplying the others."""
    mine = rows.filter(tenant=OuterRef("pk")).order_by().values("tenant")
    counted = mine.annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
