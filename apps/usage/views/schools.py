"""A district's host: its schools, what they use, and a new one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.core.errors import DomainError
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest
from apps.tenants.services import schools
from apps.usage.forms import SchoolForm
from apps.usage.services import limits, rosters

PAGE_SIZE = 50


@require_safe
@workspace_page("schools.view")
def index(request: WorkspaceRequest) -> HttpResponse:
    return _page(request, SchoolForm())


@require_POST
@workspace_page("schools.create")
def found(request: WorkspaceRequest) -> HttpResponse:
    schools.require_district(request.tenant)
    form = SchoolForm(request.POST)
    if form.is_valid():
        try:
            school = schools.found(district=request.tenant, by=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, error.detail)
        else:
            messages.success(
                request, f"{school} is being set up. You own it; others are invited there."
            )
            return redirect("schools")
    return _page(request, form, status=422)


def _page(request: WorkspaceRequest, form: SchoolForm, status: int = 200) -> HttpResponse:
    rows = schools.of(request.tenant)
    page: Any = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "nav_active": "schools",
        "page": page,
        "schools": rosters.describe(list(page), viewer=request.user),
        "pooled": limits.pool_of(request.tenant) is not None,
        "state": limits.state("schools", tenant=request.tenant),
        "form": form,
        "public_domain": settings.PUBLIC_DOMAIN,
    }
    return render(request, "workspace/schools.html", context, status=status)
