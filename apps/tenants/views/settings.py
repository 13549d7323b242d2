"""The workspace's host: what it is called, how it looks, how it is set up."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.services import step_up
from apps.core.errors import Invalid
from apps.tenants import branding as colours
from apps.tenants import configuration as reading
from apps.tenants import configuration_words
from apps.tenants.configuration_forms import (
    BaseTermFormSet,
    BrandingForm,
    ConfigurationForm,
    TermFormSet,
)
from apps.tenants.errors import ConfigurationConflict
from apps.tenants.features import FEATURES
from apps.tenants.forms import WorkspaceForm
from apps.tenants.models import Tenant
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest
from apps.tenants.services import configuration as configurations
from apps.tenants.services import tenants

PAGE_SIZE = 25
FORM = require_http_methods(["GET", "HEAD", "POST"])
YEAR = 31_536_000


@FORM
@workspace_page("workspace.update")
def general(request: WorkspaceRequest) -> HttpResponse:
    form = WorkspaceForm(request.POST or None, initial={"name": request.tenant.name})
    if request.method == "POST" and form.is_valid():
        tenants.update(tenant=request.tenant, by=request.user, **form.cleaned_data)
        messages.success(request, "Saved.")
        return redirect("settings")
    status = 422 if form.errors else 200
    return _page(request, "workspace/settings.html", {"form": form}, status)


@FORM
@workspace_page("workspace.configure")
def branding(request: WorkspaceRequest) -> HttpResponse:
    form = branding_form(request)
    if form.is_bound and form.is_valid():
        try:
            configurations.change(
                tenant=request.tenant, by=request.user, **form.seen(), **look_of(form)
            )
        except Invalid as error:
            form.take(error.errors)
        except ConfigurationConflict as clash:
            return _clash(request, "workspace/settings_branding.html", form, clash, look(form))
        else:
            messages.success(request, "Saved. Every page of the workspace has it now.")
            return redirect("settings_branding")
    status = 422 if form.errors else 200
    return _page(request, "workspace/settings_branding.html", {"form": form, **look(form)}, status)


@require_safe
@workspace_page("workspace.configure")
def preview(request: WorkspaceRequest) -> HttpResponse:
    """The part of the branding pages that is drawn again while a person chooses."""
    form = BrandingForm(request.GET)
    return render(request, "workspace/_brand_preview.html", look(form))


@FORM
@workspace_page("workspace.configure")
def configuration(request: WorkspaceRequest) -> HttpResponse:
    form, terms = _forms(request)
    sent = request.method == "POST" and "more" not in request.POST
    if sent and form.is_valid() and terms.is_valid():
        try:
            configurations.change(
                tenant=request.tenant, by=request.user, **form.seen(),
                **_allowed(request, form.settings()), terms=terms.terms(),
            )  # fmt: skip
        except Invalid as error:
            form.take(terms.take(error.errors))
        except ConfigurationConflict as clash:
            context = _about(request, form, terms)
            return _clash(request, "workspace/settings_configuration.html", form, clash, context)
        else:
            messages.success(request, "Saved.")
            return redirect("settings_configuration")
    status = 422 if form.errors or (terms.is_bound and not terms.is_valid()) else 200
    context = _about(request, form, terms)
    return _page(request, "workspace/settings_configuration.html", context, status)


@require_safe
@workspace_page("workspace.configure")
def history(request: WorkspaceRequest) -> HttpResponse:
    rows = configurations.history(tenant=request.tenant)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    versions = [
        {"row": row, "told": configuration_words.told(row.changes)} for row in page.object_list
    ]
    context = {"page": page, "versions": versions}
    return _page(request, "workspace/settings_history.html", context)


@require_POST
@workspace_page("workspace.configure")
@step_up.recent
def restore(request: WorkspaceRequest, number: int) -> HttpResponse:
    seen = request.POST.get("version", "")
    configurations.restore(
        tenant=request.tenant, number=number, by=request.user,
        base=int(seen) if seen.isdecimal() and len(seen) < 10 else None,  # noqa: PLR2004
    )  # fmt: skip
    messages.success(request, f"The settings of version {number} are in force again.")
    return redirect("settings_history")


@cache_control(public=True, max_age=YEAR, immutable=True)
@require_safe
def stylesheet(request: HttpRequest, digits: str) -> HttpResponse:  # noqa: ARG001
    """The tokens in one colour. It depends on the address alone, so it holds for ever."""
    return HttpResponse(colours.stylesheet(f"#{digits}"), content_type="text/css; charset=utf-8")


def branding_form(request: WorkspaceRequest) -> BrandingForm:
    found = reading.of(request.tenant)
    version = request.tenant.configuration_version
    initial = {"accent": found.accent, "mark": found.mark, "version": version}
    if "preview" in request.POST:  # without scripts the preview is a button of its own
        return BrandingForm(initial={**initial, **request.POST.dict()})
    return BrandingForm(_data(request), initial=initial)


def look_of(form: BrandingForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in ("accent", "mark")}


def look(form: BrandingForm) -> dict[str, Any]:
    """What the preview shows: the form's colour as far as it is one."""
    accent = str(form["accent"].value() or "").strip().lower()
    try:
        reading.parse({"accent": accent})
    except Invalid:
        return {"accent": "", "mark": form["mark"].value(), "is_colour": False}
    verdicts = colours.verdicts(accent) if accent else []
    return {"accent": accent, "mark": form["mark"].value(), "is_colour": True, "verdicts": verdicts}


def told(clash: ConfigurationConflict) -> list[dict[str, str]]:
    """Both values of each setting, in words."""
    return [
        {
            "label": configuration_words.label(name),
            "theirs": configuration_words.words(name, both["theirs"]),
            "yours": configuration_words.words(name, both["yours"]),
        }
        for name, both in clash.conflicts.items()
    ]


def insist(form: Any, clash: ConfigurationConflict) -> None:
    """Sent again, the form overwrites what its author has now seen."""
    form.data = form.data.copy()
    form.data["over"] = str(clash.version)


def _clash(
    request: WorkspaceRequest, template: str, form: Any, clash: ConfigurationConflict,
    context: dict[str, Any],
) -> HttpResponse:  # fmt: skip
    insist(form, clash)
    return _page(request, template, {**context, "form": form, "clash": told(clash)}, clash.status)


def _forms(request: WorkspaceRequest) -> tuple[ConfigurationForm, Any]:
    found, version = reading.of(request.tenant), request.tenant.configuration_version
    known = ConfigurationForm.initial_of(found, version)
    terms: list[Any] = [term.model_dump() for term in found.terms]
    may_switch = "features.update" in request.can
    form = ConfigurationForm(_data(request), initial=known, may_switch=may_switch)
    if "more" not in request.POST:
        return form, TermFormSet(_data(request), initial=terms)
    typed = {**known, **form.typed(request.POST)}
    form = ConfigurationForm(initial=typed, may_switch=may_switch)
    return form, TermFormSet(initial=BaseTermFormSet.typed(request.POST))


def _about(request: WorkspaceRequest, form: ConfigurationForm, terms: Any) -> dict[str, Any]:
    found = reading.of(request.tenant)
    operators = [
        {"feature": feature, "is_on": found.has(name)}
        for name, feature in FEATURES.items()
        if feature.switched_by == "operator"
    ]
    metrics = reading.limited_metrics()
    return {
        "form": form, "terms": terms, "operators": operators,
        "has_terms": request.tenant.kind == Tenant.Kind.SCHOOL or bool(found.terms),
        "limits": [(metrics.get(name, name), value) for name, value in found.limits.items()],
    }  # fmt: skip


def _allowed(request: WorkspaceRequest, settings: dict[str, Any]) -> dict[str, Any]:
    """Without the switches for those whose page shows them greyed out."""
    if "features.update" not in request.can:
        settings.pop("features")
    return settings


def _data(request: WorkspaceRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _page(
    request: WorkspaceRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    return render(request, template, {"nav_active": "settings", **context}, status=status)
