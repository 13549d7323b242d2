from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from apps.tenants.models import Tenant
from apps.tenants.permissions import Role
from apps.tenants.roles import Choice
from apps.tenants.services import tenants

# While a person types, the address is suggested from the name and looked up.
ADDRESS_CHECK = {
    "hx-get": "/workspaces/new/address/",
    "hx-trigger": "input changed delay:300ms",
    "hx-include": "#id_name, #id_slug, #address",
    "hx-target": "#address",
    "hx-sync": "closest form:replace",
}


class NewWorkspaceForm(forms.Form):
    name = forms.CharField(
        label="Workspace name",
        max_length=100,
        widget=forms.TextInput(
            attrs={"autocomplete": "organization", "autofocus": True, **ADDRESS_CHECK}
        ),
    )
    slug = forms.CharField(
        label="Address",
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
                **ADDRESS_CHECK,
            }
        ),
    )
    kind = forms.ChoiceField(
        label="What is it for?",
        choices=Tenant.Kind.choices,
        initial=Tenant.Kind.SCHOOL,
        widget=forms.RadioSelect,
    )

    def clean_slug(self) -> str:
        slug = str(self.cleaned_data["slug"]).strip().lower()
        if problem := tenants.slug_problem(slug=slug):
            raise forms.ValidationError(problem)
        return slug


class InvitationForm(forms.Form):
    email = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(label="Role", initial=Role.TEACHER)

    def __init__(self, *args: Any, roles: Iterable[Choice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, roles)


class LinkForm(forms.Form):
    name = forms.CharField(
        label="Whom is it for?", max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Class 7b"}),
    )  # fmt: skip
    role = forms.ChoiceField(label="Role", initial=Role.STUDENT)
    most_uses = forms.IntegerField(
        label="How many people", min_value=1, max_value=500, initial=30,
        help_text="As many seats are kept for them until the link ends.",
    )  # fmt: skip
    days = forms.IntegerField(label="Days it holds", min_value=1, max_value=90, initial=7)
    email_domain = forms.CharField(
        label="Only for addresses of", max_length=253, required=False,
        help_text="A domain such as school.example; empty for all.",
    )  # fmt: skip

    def __init__(self, *args: Any, roles: Iterable[Choice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, roles)


class RoleForm(forms.Form):
    role = forms.CharField(max_length=40)


class WorkspaceForm(forms.Form):
    name = forms.CharField(label="Workspace name", max_length=100)


def offer(form: forms.Form, roles: Iterable[Choice], field: str = "role") -> None:
    """Have the field offer these roles."""
    form.fields[field].choices = [(one.key, one.name) for one in roles]  # type: ignore[attr-defined]
