from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from apps.tenants.permissions import Role
from apps.tenants.roles import Choice

NEVER = ""


def role_choices(choices: list[Choice]) -> list[tuple[str, str]]:
    kept = (one for one in choices if one.role not in {Role.OWNER, Role.GUARDIAN})
    return [(one.key, one.name) for one in kept]


class TokenForm(forms.Form):
    name = forms.CharField(
        label="What uses it",
        max_length=80,
        initial="Okta",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    days = forms.TypedChoiceField(
        label="Expires",
        choices=[("90", "in 90 days"), ("365", "in a year"), (NEVER, "never")],
        initial="365",
        required=False,
        coerce=int,
        empty_value=None,
    )

    @property
    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=days) if days else None


class DefaultRoleForm(forms.Form):
    role = forms.ChoiceField(label="Role of whoever is in no mapped group")

    def __init__(self, *args: Any, roles: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = roles  # type: ignore[attr-defined]


class MappingForm(forms.Form):
    role = forms.ChoiceField(required=False)
    class_id = forms.TypedChoiceField(label="Class", required=False, coerce=str, empty_value=None)

    def __init__(
        self,
        *args: Any,
        roles: list[tuple[str, str]],
        classes: list[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [("", "the usual role"), *roles]  # type: ignore[attr-defined]
        self.fields["class_id"].choices = [("", "no class"), *classes]  # type: ignore[attr-defined]
