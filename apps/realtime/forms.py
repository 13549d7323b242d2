from __future__ import annotations

import re

from django import forms

from apps.realtime.services.realtime_apps import LONGEST_NAME

KIND_WORDS = {
    "channel_occupied": "Somebody subscribes to a channel that nobody was in",
    "channel_vacated": "The last one has left a channel",
    "member_added": "A user has joined a presence channel",
    "member_removed": "A user has left a presence channel",
    "client_event": "A client has said something to the others, with what it said",
    "cache_miss": "A cache channel had nothing for somebody who joined",
    "subscription_count": "How many listen to a channel has changed",
}
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


class ChannelWebhookForm(forms.Form):
    url = forms.CharField(
        label="Address", max_length=2000,
        widget=forms.URLInput(attrs={"placeholder": "https://example.com/pusher"}),
        help_text="Where batches are posted. It has to be public, with https.",
    )  # fmt: skip
    events = forms.MultipleChoiceField(
        choices=list(KIND_WORDS.items()), widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose one kind of event at least."},
    )  # fmt: skip
    channel_prefix = forms.CharField(
        label="Only channels that begin with", required=False, max_length=200,
        help_text="Such as presence-lobby. Empty: every channel of the app.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
        ),
    )  # fmt: skip

    @property
    def kinds(self) -> list[tuple[str, str, bool]]:
        """Each kind, what it tells, and whether it is chosen."""
        chosen = set(self["events"].value() or ())
        return [(kind, text, kind in chosen) for kind, text in KIND_WORDS.items()]


class RotateForm(forms.Form):
    overlap_hours = forms.TypedChoiceField(
        label="The present key and secret end", coerce=int, initial=24,
        choices=list(OVERLAP_WORDS.items()),
        help_text="When they end, connections that came with them are closed.",
    )  # fmt: skip
