"""The operator console inside one workspace.

Rows of a workspace live in its own schema, so an operator first chooses where to work;
`ConsoleWorkspaceMiddleware` then puts that schema on the search path.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from apps.audit.services import entries as audit
from apps.core.operator_admin import ReadOnlyModelAdmin
from apps.tenants.access import Operator
from apps.tenants.middleware import SESSION_CONSOLE_WORKSPACE
from apps.tenants.models import Membership, Tenant
from apps.tenants.requests import by

# What upper floors add to each member in the console's lists: a link, made of the membership.
member_links: list[Callable[[Membership], SafeString]] = []
View = Callable[..., HttpResponseBase]


def chosen_workspace(request: HttpRequest) -> Tenant | None:
    """The workspace this operator works in, if any."""
    return cast("Tenant | None", getattr(request, "console_workspace", None))


def acting_operator(request: HttpRequest) -> Operator:
    """Who a service is to see behind an action of the console."""
    return Operator(by(request))


def links_of(membership: Membership) -> SafeString:
    """All of `member_links`."""
    return format_html_join(" ", "{}", ((link(membership),) for link in member_links))


def enter(request: HttpRequest, tenant: Tenant) -> None:
    """Work in this workspace from the next request on; its members see so in their audit."""
    with transaction.atomic():
        audit.record(
            action="operator.entered",
            by=acting_operator(request),
            schema_name=tenant.schema_name,
            target=tenant,
        )
    request.session[SESSION_CONSOLE_WORKSPACE] = tenant.schema_name


def leave(request: HttpRequest) -> None:
    request.session.pop(SESSION_CONSOLE_WORKSPACE, None)


def badge(request: HttpRequest) -> list[str] | None:
    """unfold's ENVIRONMENT callback: which workspace the page shows."""
    tenant = chosen_workspace(request)
    return [f"Workspace: {tenant.name}", "warning"] if tenant else None


class WorkspaceModelAdmin(ReadOnlyModelAdmin):
    """Base for models of TENANT_APPS: read-only, and closed until a workspace is chosen."""

    def get_urls(self) -> list[Any]:
        patterns = super().get_urls()
        for pattern in patterns:
            pattern.callback = _in_workspace(pattern.callback)
        return cast("list[Any]", patterns)


def _in_workspace(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if chosen_workspace(request) is None and getattr(request.user, "is_staff", False):
            messages.warning(request, "Choose the workspace to work in first.")
            return redirect("admin:tenants_tenant_changelist")
        return view(request, *args, **kwargs)

    return guarded
