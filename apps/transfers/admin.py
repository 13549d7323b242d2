"""The console: what left, what arrived, whose exports are taken in."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from unfold.decorators import action
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.core.errors import DomainError
from apps.core.operator_admin import Figure, ReadOnlyModelAdmin
from apps.jobs.models import JobRun
from apps.tenants.admin import TenantAdmin
from apps.tenants.console import acting_operator
from apps.tenants.deeds import Deed
from apps.tenants.models import Tenant
from apps.transfers.forms import RecipientField
from apps.transfers.models import Export, Import, TrustedKey
from apps.transfers.services import clones, exports, imports, installation


class ExportForm(forms.Form):
    with_media = forms.BooleanField(
        label="With stored files", required=False, initial=True, widget=UnfoldBooleanSwitchWidget
    )
    encrypt_to = RecipientField(widget=UnfoldAdminTextInputWidget)


class CloneForm(forms.Form):
    slug = forms.CharField(
        label="The sandbox's address", max_length=40, widget=UnfoldAdminTextInputWidget
    )
    owner = forms.EmailField(
        required=False,
        label="Its owner",
        help_text="Left empty: whoever owns the original.",
        widget=UnfoldAdminTextInputWidget,
    )
    seed = forms.CharField(
        required=False,
        max_length=80,
        help_text="The same seed makes the same stand-ins again. Left empty: one is drawn.",
        widget=UnfoldAdminTextInputWidget,
    )
    with_media = forms.BooleanField(
        label="With stored files", required=False, initial=True, widget=UnfoldBooleanSwitchWidget
    )


def incoming() -> Path:
    """Where operators put files that are to be imported from the console."""
    return Path(settings.TRANSFERS_DIR) / "incoming"


class ImportForm(forms.Form):
    """Large files do not come through a browser: they are put on the machine."""

    file = forms.ChoiceField(
        help_text="It is removed once the workspace is here.", widget=UnfoldAdminSelectWidget
    )
    slug = forms.CharField(
        required=False,
        label="Address",
        max_length=40,
        help_text="Left empty: the one it had.",
        widget=UnfoldAdminTextInputWidget,
    )
    owner = forms.EmailField(
        required=False,
        label="An owner beside its own",
        widget=UnfoldAdminTextInputWidget,
    )
    opener = forms.CharField(
        required=False,
        label="Private key",
        help_text="For an encrypted file; kept encrypted, and only until the import has ended.",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )
    trust = forms.CharField(
        required=False,
        label="Believe this signer once",
        max_length=80,
        widget=UnfoldAdminTextInputWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = sorted(incoming().glob("*")) if incoming().is_dir() else []
        self.fields["file"].choices = [  # type: ignore[attr-defined]
            (path.name, f"{path.name} ({filesizeformat(path.stat().st_size)})")
            for path in found
            if path.is_file()
        ]


def _export(*, tenant: Tenant, by: Any, **values: Any) -> Tenant:
    return exports.start(tenant=tenant, by=by, **values).tenant


def _clone(*, tenant: Tenant, by: Any, **values: Any) -> Tenant:
    clones.start(tenant=tenant, by=by, **values)
    return tenant


TenantAdmin.actions += [
    Deed(
        "export", "Export", "One signed file with everything in it, kept for a week.",
        "{} is being exported; see Exports.", _export, ExportForm,
    ).as_action(),
    Deed(
        "clone", "Clone to a sandbox",
        "A copy with everything personal replaced by made-up data, without Roblox keys.",
        "{} is being copied; see Imports and clones.", _clone, CloneForm, one_at_a_time=True,
    ).as_action(),
]  # fmt: skip


class WithProgress(ReadOnlyModelAdmin):
    """Rows whose work is a job."""

    @admin.display(description="Progress")
    def progress(self, row: Any) -> str:
        run = JobRun.objects.filter(pk=row.run_id).first() if row.state == "running" else None
        return f"{run.progress} % {run.message}" if run else ""


@admin.register(Export)
class ExportAdmin(WithProgress):
    list_display = (
        "tenant",
        "state",
        "progress",
        "rows",
        "files",
        "megabytes",
        "asked_by",
        "created_at",
    )
    list_filter = ("state", "created_at")
    search_fields = ("tenant__name", "tenant__slug", "asked_by")
    list_select_related = ("tenant",)
    actions: ClassVar[list[str]] = ["remove"]

    @admin.display(description="Size", ordering="size")
    def megabytes(self, export: Export) -> str:
        return filesizeformat(export.size)

    @admin.action(description="Remove the file")
    def remove(self, request: HttpRequest, chosen: QuerySet[Export]) -> None:
        for export in chosen.select_related("tenant"):
            try:
                exports.remove(export=export, by=acting_operator(request))
            except DomainError as error:
                messages.error(request, f"{export}: {error.detail}")
            else:
                messages.success(request, f"The file of {export} is gone.")


@admin.register(Import)
class ImportAdmin(WithProgress):
    list_display = (
        "slug",
        "kind",
        "state",
        "progress",
        "source",
        "rows",
        "files",
        "asked_by",
        "created_at",
    )
    list_filter = ("kind", "state", "created_at")
    search_fields = ("slug", "source", "asked_by")
    exclude = ("opener",)
    actions_list: ClassVar[list[str]] = ["take_in"]

    def figures(self) -> list[Figure]:
        refused = Import.objects.filter(state=Import.State.FAILED).count()
        return [self.figure("Imports refused", refused, "state__exact=failed")]

    @action(description="Import a workspace", url_path="take-in")  # type: ignore[untyped-decorator]
    def take_in(self, request: HttpRequest) -> HttpResponse:
        form = ImportForm(request.POST or None)
        if request.method == "POST" and form.is_valid() and self._begin(request, form):
            return redirect("admin:transfers_import_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": "Import a workspace",
            "opts": self.model._meta,
            "form": form,
            "folder": incoming(),
            "own_key": installation.public_key(),
        }
        return TemplateResponse(request, "operator/import.html", context)

    def _begin(self, request: HttpRequest, form: ImportForm) -> bool:
        wish = form.cleaned_data
        source = incoming() / Path(wish.pop("file")).name
        try:
            record = imports.start(source=source, by=acting_operator(request), **wish)
        except DomainError as error:
            form.add_error(None, error.detail)
            return False
        messages.success(request, f"{record.slug} is being imported.")
        return True


@admin.register(TrustedKey)
class TrustedKeyAdmin(ReadOnlyModelAdmin):
    list_display = ("name", "public", "added_by", "created_at")
    search_fields = ("name", "public")
    actions: ClassVar[list[str]] = ["distrust"]
    actions_list: ClassVar[list[str]] = ["trust"]

    @admin.action(description="Take nothing of it any more")
    def distrust(self, request: HttpRequest, chosen: QuerySet[TrustedKey]) -> None:
        for key in chosen:
            installation.distrust(key=key, by=acting_operator(request))
            messages.success(request, f"Exports of {key.name} are refused from now on.")

    @action(description="Trust an installation", url_path="trust")  # type: ignore[untyped-decorator]
    def trust(self, request: HttpRequest) -> HttpResponse:
        form = TrustForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                installation.trust(**form.cleaned_data, by=acting_operator(request))
            except DomainError as error:
                form.add_error("public", error.detail)
            else:
                return redirect("admin:transfers_trustedkey_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": "Trust an installation",
            "opts": self.model._meta,
            "form": form,
            "own_key": installation.public_key(),
        }
        return TemplateResponse(request, "operator/import.html", context)


class TrustForm(forms.Form):
    name = forms.CharField(
        label="How you call it", max_length=100, widget=UnfoldAdminTextInputWidget
    )
    public = forms.CharField(
        label="Its key",
        max_length=80,
        help_text="As “manage.py tenant keys” prints it there. Have it read to you by somebody "
        "you know.",
        widget=UnfoldAdminTextInputWidget,
    )
