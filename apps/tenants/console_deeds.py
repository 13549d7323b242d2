"""What operators do to workspaces, each after a page that asks for the details."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from apps.core.errors import DomainError
from apps.tenants.access import Operator
from apps.tenants.console import acting_operator
from apps.tenants.models import Tenant
from apps.tenants.services import addresses, lifecycle


class SuspensionForm(forms.Form):
    reason = forms.CharField(
        label="Why?",
        max_length=499,
        help_text="The workspace's people read it on every page.",
        widget=UnfoldAdminTextInputWidget,
    )


class RenameForm(forms.Form):
    slug = forms.CharField(label="New address", max_length=40, widget=UnfoldAdminTextInputWidget)


class DeletionForm(forms.Form):
    reason = forms.CharField(
        label="Why?",
        max_length=500,
        help_text="Kept in the record of what was deleted.",
        widget=UnfoldAdminTextInputWidget,
    )
    grace_days = forms.IntegerField(
        label="Days until it is removed",
        min_value=0,
        max_value=365,
        initial=30,
        help_text="With 0 it is removed for good within minutes.",
        widget=UnfoldAdminIntegerFieldWidget,
    )
    confirmation = forms.CharField(
        label="Type its address to confirm", max_length=253, widget=UnfoldAdminTextInputWidget
    )


@dataclass(frozen=True)
class Deed:
    """`carry_out` is called with `tenant`, `by` and the form's values for each chosen workspace;
    `done` says so afterwards, with the workspace's name in it.
    """

    name: str
    title: str
    text: str
    done: str
    carry_out: Callable[..., Tenant]
    form: type[forms.Form] = forms.Form
    one_at_a_time: bool = False

    def as_action(self) -> Callable[..., HttpResponse | None]:
        """An action of the admin's list."""

        def act(page: ModelAdmin[Tenant], request: HttpRequest, chosen: Any) -> HttpResponse | None:
            return _ask_or_do(self, page, request, chosen)

        act.__name__ = self.name
        act.short_description = f"{self.title}…"  # type: ignore[attr-defined]
        return act


DEEDS = (
    Deed(
        "suspend", "Suspend",
        "Everything can still be read; nothing can be changed, and nothing is deployed.",
        "{} is suspended.", lifecycle.suspend, SuspensionForm,
    ),
    Deed(
        "resume", "End the suspension", "It can be worked in again.",
        "{} is open again.", lifecycle.resume,
    ),
    Deed(
        "rename", "Change the address",
        "The old address goes on leading there. Everybody signs in again at the new one.",
        "{} has its new address.", addresses.rename, RenameForm, one_at_a_time=True,
    ),
    Deed(
        "close", "Delete",
        "It is closed for everybody at once, and removed when the days are over. Until then it "
        "can be kept.",
        "{} is closed.", lifecycle.delete, DeletionForm, one_at_a_time=True,
    ),
    Deed(
        "keep", "Undo the deletion", "It is what it was before it was to be deleted.",
        "{} stays.", lifecycle.keep,
    ),
)  # fmt: skip


def _ask_or_do(
    deed: Deed, page: ModelAdmin[Tenant], request: HttpRequest, chosen: QuerySet[Tenant]
) -> HttpResponse | None:
    tenants = list(chosen)
    if deed.one_at_a_time and len(tenants) != 1:
        messages.error(request, f"{deed.title}: choose one workspace at a time.")
        return None
    form = deed.form(request.POST if "confirmed" in request.POST else None)
    if form.is_valid():
        _do(deed, request, tenants, form.cleaned_data)
        return None
    context = {
        **page.admin_site.each_context(request),
        "title": deed.title,
        "opts": page.model._meta,
        "deed": deed,
        "form": form,
        "tenants": tenants,
        "checkbox": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "operator/deed.html", context)


def _do(deed: Deed, request: HttpRequest, tenants: list[Tenant], values: dict[str, Any]) -> None:
    by: Operator = acting_operator(request)
    for tenant in tenants:
        try:
            deed.carry_out(tenant=tenant, by=by, **values)
        except DomainError as error:
            details = getattr(error, "errors", {})
            said = " ".join(text for texts in details.values() for text in texts) or error.detail
            messages.error(request, f"{tenant}: {said}")
        else:
            messages.success(request, deed.done.format(tenant))
