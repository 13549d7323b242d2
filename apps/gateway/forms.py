from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from apps.tenants.permissions import SCOPES

NEVER = ""


class ApiKeyForm(forms.Form):
    name = forms.CharField(
        max_length=80, help_text="What uses it, so that you know it later.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in SCOPES],
        widget=forms.CheckboxSelectMultiple,
        help_text="Give it only what it needs.",
    )
    days = forms.TypedChoiceField(
        label="Expires",
        choices=[
            ("30", "in 30 days"),
            ("90", "in 90 days"),
            ("365", "in a year"),
            (NEVER, "never"),
        ],
        initial="90",
        required=False,
        coerce=int,
        empty_value=None,
    )

    def __init__(self, *args: Any, can: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = [(scope, scope) for scope in SCOPES if scope in can]
        self.fields["scopes"].choices = held  # type: ignore[attr-defined]

    @property
    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=days) if days else None
