from __future__ import annotations

import re

from django import forms

from apps.realtime.services.realtime_apps import LONGEST_NAME

OVERLAP_WORDS = {0: "at once", 1: "in an hour", 24: "in a day", 168: "in a week"}


class RealtimeAppForm(forms.Form):
    name = forms.CharField(
        max_length=LONGEST_NAME, help_text="What uses it, so that you know it later.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    client_events = forms.BooleanField(
        label="Client events", required=False,
        help_text="Let clients send to each other on private and presence channels.",
    )  # fmt: skip
    subscription_counts = forms.BooleanField(
        label="Subscription counting", required=False,
        help_text="Tell subscribers how many listen to their channel.",
    )  # fmt: skip
    origins = forms.CharField(
        label="Allowed origins", required=False, max_length=4000,
        help_text="One a line, as https://example.com. Empty: pages from anywhere may connect. "
        "Programs that are no browser are not asked.",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "none"}),
    )  # fmt: skip

    def clean_origins(self) -> list[str]:
        return [text for text in re.split(r"[\s,]+", self.cleaned_data["origins"]) if text]


class RotateForm(forms.Form):
    overlap_hours = forms.TypedChoiceField(
        label="The present key and secret end", coerce=int, initial=24,
        choices=list(OVERLAP_WORDS.items()),
        help_text="When they end, connections that came with them are closed.",
    )  # fmt: skip
