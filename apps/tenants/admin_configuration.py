"""The console's view of a workspace's configuration, and what of it operators change."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from unfold.admin import TabularInline
from unfold.decorators import action
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.core.errors import Invalid
from apps.tenants import configuration as reading
from apps.tenants.configuration_words import label, told, words
from apps.tenants.console import acting_operator
from apps.tenants.errors import ConfigurationConflict
from apps.tenants.features import FEATURES
from apps.tenants.models import ConfigurationVersion, Tenant
from apps.tenants.services import configuration

SHOWN = 10  # versions on one page
OPERATORS = {name: one for name, one in FEATURES.items() if one.switched_by == "operator"}


class OperatorForm(forms.Form):
    """Limits over the plan's, features that operators switch, and why."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, feature in OPERATORS.items():
            self.fields[f"feature_{name}"] = forms.BooleanField(
                label=feature.label, help_text=feature.text, required=False,
                widget=UnfoldBooleanSwitchWidget,
            )  # fmt: skip
        for metric in reading.limited_metrics():
            self.fields[f"limit_{metric}"] = forms.IntegerField(
                label=label(f"limits.{metric}"), required=False, min_value=0,
                help_text="Empty for the plan's.", widget=UnfoldAdminIntegerFieldWidget,
            )  # fmt: skip
        self.fields["reason"] = forms.CharField(
            label="Why?", max_length=300, widget=UnfoldAdminTextInputWidget,
            help_text="The workspace's people can read it.",
        )  # fmt: skip

    @staticmethod
    def initial_of(tenant: Tenant) -> dict[str, Any]:
        found = reading.of(tenant)
        features = {f"feature_{name}": found.has(name) for name in OPERATORS}
        limits = {f"limit_{metric}": value for metric, value in found.limits.items()}
        return {"version": tenant.configuration_version, **features, **limits}

    def wanted(self) -> dict[str, Any]:
        """For `configuration.change`."""
        values = self.cleaned_data
        return {
            "base": values["version"],
            "reason": values["reason"],
            "features": {name: values[f"feature_{name}"] for name in OPERATORS},
            "limits": {metric: values[f"limit_{metric}"] for metric in reading.limited_metrics()},
        }

    def take(self, errors: dict[str, list[str]]) -> None:
        for place, sentences in errors.items():
            field = place.replace("limits.", "limit_").replace("features.", "feature_")
            self.add_error(field if field in self.fields else None, list(sentences))


class ConfigurationInline(TabularInline):  # type: ignore[misc]
    """The versions of a workspace's configuration."""

    model = ConfigurationVersion
    verbose_name_plural = "Configuration"
    extra = 0
    can_delete = False
    per_page = SHOWN
    ordering = ("-number",)
    fields = readonly_fields = ("number", "what", "by_label", "reason", "created_at")

    def has_add_permission(self, *_: Any) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConfigurationVersion]:
        found: QuerySet[ConfigurationVersion] = super().get_queryset(request).defer("values")
        return found

    def what(self, version: ConfigurationVersion) -> str:
        lines = (
            f"{one['label']}: {one['before']} → {one['after']}" for one in told(version.changes)
        )
        return "; ".join(lines) or "as it began"


class ConfigurationPage:
    """For the workspaces' admin: a button to a page of the configuration."""

    actions_detail = ("configure",)
    admin_site: Any
    model: Any

    @action(  # type: ignore[untyped-decorator]
        description="Limits and features", url_path="configuration", icon="tune"
    )
    def configure(self, request: HttpRequest, object_id: int) -> HttpResponse:
        tenant = get_object_or_404(Tenant, pk=object_id)
        data = request.POST if request.method == "POST" else None
        form = OperatorForm(data, initial=OperatorForm.initial_of(tenant))
        if form.is_valid() and self._changed(request, tenant, form):
            messages.success(request, f"The configuration of {tenant} is changed.")
            return redirect("admin:tenants_tenant_change", tenant.pk)
        found = configuration.units(reading.of(tenant))
        context = {
            **self.admin_site.each_context(request),
            "title": f"Configuration of {tenant}",
            "opts": self.model._meta,
            "tenant_shown": tenant,
            "form": form,
            "settings": [(label(name), words(name, value)) for name, value in found.items()],
        }
        return TemplateResponse(request, "operator/configuration.html", context)

    @staticmethod
    def _changed(request: HttpRequest, tenant: Tenant, form: OperatorForm) -> bool:
        try:
            configuration.change(tenant=tenant, by=acting_operator(request), **form.wanted())
        except Invalid as error:
            form.take(error.errors)
        except ConfigurationConflict as clash:
            form.add_error(None, f"{clash.detail} Open this page again for the present values.")
        else:
            return True
        return False
