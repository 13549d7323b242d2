"""What is asked before a workspace changes its address, its domains or its state."""

from __future__ import annotations

from django import forms

from apps.tenants.models import Tenant

PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class DomainForm(forms.Form):
    domain = forms.CharField(
        label="Domain",
        max_length=253,
        help_text="One you own, such as lab.school.example.",
        widget=forms.TextInput(attrs=PLAIN),
    )


class RenameForm(forms.Form):
    slug = forms.CharField(
        label="New address",
        max_length=40,
        help_text="3 to 40 lower-case letters, digits and hyphens, starting with a letter.",
        widget=forms.TextInput(attrs=PLAIN),
    )


class DeletionForm(forms.Form):
    reason = forms.CharField(
        label="Why?",
        max_length=500,
        required=False,
        help_text="It is kept in the record of what was deleted.",
    )
    confirmation = forms.CharField(
        label="The workspace's address", max_length=253, widget=forms.TextInput(attrs=PLAIN)
    )

    def __init__(self, *args: object, tenant: Tenant, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["confirmation"].help_text = f"Type {tenant.slug} to confirm."
