from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from apps.webhooks import catalogue, schedule
from apps.webhooks.models import ALL_EVENTS
from apps.webhooks.services.endpoints import OVERLAPS

OVERLAP_WORDS = {0: "at once, because it has leaked", 24: "in a day", 72: "in three days"}


class EndpointForm(forms.Form):
    """The page draws `events` group by group from `groups`."""

    url = forms.CharField(
        label="Address", max_length=2000,
        widget=forms.URLInput(attrs={"placeholder": "https://example.com/webhooks"}),
        help_text="Where events are posted. It has to be public, with https.",
    )  # fmt: skip
    description = forms.CharField(
        max_length=200, required=False, help_text="So that you know it later.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    events = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(
        self, *args: Any, can: Collection[str], kept: Collection[str] = (), **more: Any
    ) -> None:
        """`kept`: events that were chosen before, which may be left chosen."""
        super().__init__(*args, **more)
        self.visible = catalogue.visible(can)
        named = {event.name for events in self.visible.values() for event in events}
        choices = sorted(named | set(kept) | {ALL_EVENTS})
        self.fields["events"].choices = [(c, c) for c in choices]  # type: ignore[attr-defined]

    @property
    def groups(self) -> list[tuple[str, list[tuple[catalogue.EventType, bool]], int]]:
        """Each group with its events, whether each is chosen, and how many are."""
        chosen = self.chosen
        found = []
        for group, events in self.visible.items():
            boxes = [(event, event.name in chosen) for event in events]
            found.append((group, boxes, sum(is_chosen for _, is_chosen in boxes)))
        return found

    @property
    def chosen(self) -> set[str]:
        return set(self["events"].value() or ())

    @property
    def has_all(self) -> bool:
        return ALL_EVENTS in self.chosen

    def clean_events(self) -> list[str]:
        events: list[str] = self.cleaned_data["events"]
        if not events:
            raise forms.ValidationError("Choose one event at least.")
        return [ALL_EVENTS] if ALL_EVENTS in events else events


class RotateForm(forms.Form):
    overlap_hours = forms.TypedChoiceField(
        label="The former secret ends", coerce=int, initial=24,
        choices=[(hours, OVERLAP_WORDS[hours]) for hours in OVERLAPS],
    )  # fmt: skip


class ReplayForm(forms.Form):
    hours = forms.TypedChoiceField(
        label="What failed in the last", coerce=int, initial=24,
        choices=[
            (1, "hour"), (24, "day"), (24 * 7, "week"), (schedule.KEPT_FOR.days * 24, "30 days"),
        ],
    )  # fmt: skip

    @property
    def since(self) -> datetime:
        return timezone.now() - timedelta(hours=self.cleaned_data["hours"])
