"""What operators do to workspaces."""

from __future__ import annotations

from django import forms
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from apps.tenants.deeds import Deed
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


def _describe(tenant: Tenant) -> str:
    return f"{tenant} ({tenant.slug}, {tenant.get_state_display().lower()})"


DEEDS = (
    Deed(
        "suspend", "Suspend",
        "Everything can still be read; nothing can be changed, and nothing is deployed.",
        "{} is suspended.", lifecycle.suspend, SuspensionForm,
        describe=_describe,
    ),
    Deed(
        "resume", "End the suspension", "It can be worked in again.",
        "{} is open again.", lifecycle.resume, describe=_describe,
    ),
    Deed(
        "rename", "Change the address",
        "The old address goes on leading there. Everybody signs in again at the new one.",
        "{} has its new address.", addresses.rename, RenameForm, one_at_a_time=True,
        describe=_describe,
    ),
    Deed(
        "close", "Delete",
        "It is closed for everybody at once, and removed when the days are over. Until then it "
        "can be kept.",
        "{} is closed.", lifecycle.delete, DeletionForm, one_at_a_time=True, describe=_describe,
    ),
    Deed(
        "keep", "Undo the deletion", "It is what it was before it was to be deleted.",
        "{} stays.", lifecycle.keep, describe=_describe,
    ),
)  # fmt: skip
