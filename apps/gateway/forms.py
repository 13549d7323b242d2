from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from apps.gateway.models import ApiKey
from apps.tenants.permissions import DECLARED, Permission, grouped

NEVER = ""
ENDS = [("30", "in 30 days"), ("90", "in 90 days"), ("365", "in a year"), (NEVER, "never")]
KEEP = "keep"


class KeyForm(forms.Form):
    """What is asked of a new key and of one that is changed."""

    name = forms.CharField(
        max_length=80, help_text="What uses it, so that you know it later.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    scopes = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, help_text="Give it only what it needs.",
    )  # fmt: skip
    networks = forms.CharField(
        label="Allowed networks",
        required=False,
        max_length=2000,
        help_text="One a line, as 203.0.113.0/24 or 2001:db8::/32. Empty: from anywhere.",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "none"}),
    )

    def __init__(self, *args: Any, offered: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = list(offered)
        self.fields["scopes"].choices = [(scope, scope) for scope in offered]  # type: ignore[attr-defined]

    def clean_networks(self) -> list[str]:
        return [text for text in re.split(r"[\s,]+", self.cleaned_data["networks"]) if text]

    def scope_groups(self) -> list[tuple[str, list[tuple[Permission, bool]], int]]:
        """By group, each scope with its words and whether it is ticked, and how many are."""
        ticked = set(self["scopes"].value() or ())
        found = []
        for group, entries in grouped(s for s in self.offered if s in DECLARED):
            boxes = [(each, each.name in ticked) for each in entries]
            found.append((group, boxes, sum(is_ticked for _, is_ticked in boxes)))
        return found


class NewKeyForm(KeyForm):
    environment = forms.ChoiceField(
        choices=[
            (ApiKey.Environment.LIVE, "Live: everything that its scopes allow"),
            (ApiKey.Environment.TEST, "Test: looks, uploads and deploys to staging only"),
        ],
        initial=ApiKey.Environment.LIVE,
        required=False,
        widget=forms.RadioSelect,
    )
    days = forms.TypedChoiceField(
        label="Expires", choices=ENDS, initial="90", required=False, coerce=int, empty_value=None,
    )  # fmt: skip
    field_order = ("name", "environment", "scopes", "networks", "days")

    @property
    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=days) if days else None


class RotationForm(forms.Form):
    overlap = forms.TypedChoiceField(
        label="The present secret works on for",
        choices=[
            ("0", "no longer: it ends at once"),
            ("1", "an hour"),
            ("24", "a day"),
            ("168", "a week"),
            ("720", "30 days"),
        ],
        initial="24",
        coerce=int,
        help_text="Time to exchange it wherever it is used. You can end it earlier.",
    )
    days = forms.TypedChoiceField(
        label="The key expires", choices=[(KEEP, "as before"), *ENDS[:-1]], initial=KEEP,
        coerce=str, required=False,
    )  # fmt: skip

    @property
    def about(self) -> dict[str, Any]:
        """As `api_keys.rotate` takes it."""
        days = self.cleaned_data["days"]
        ends = timezone.now() + timedelta(days=int(days)) if days.isdigit() else None
        return {"overlap": timedelta(hours=self.cleaned_data["overlap"]), "expires_at": ends}
