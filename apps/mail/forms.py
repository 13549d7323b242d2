"""How a person wants their mail."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from apps.mail.catalogue import LANGUAGES
from apps.mail.models import Wishes
from apps.tenants.configuration_forms import time_zone_choices

PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class WishesForm(forms.ModelForm):  # type: ignore[type-arg]
    language = forms.ChoiceField(
        label="Language",
        choices=[("", "As the workspace writes"), *LANGUAGES.items()],
        required=False,
    )
    time_zone = forms.ChoiceField(label="Your time zone", choices=time_zone_choices)

    class Meta:
        model = Wishes
        fields = ("language", "digest", "time_zone", "quiet_from", "quiet_until")
        labels: ClassVar[dict[str, str]] = {
            "digest": "What is not urgent",
            "quiet_from": "Quiet from", "quiet_until": "Quiet until",
        }  # fmt: skip
        help_texts: ClassVar[dict[str, str]] = {
            "quiet_from": "Nothing comes then that can wait. Leave both empty for none.",
            "quiet_until": "By your own clock, over midnight if you like.",
        }
        widgets: ClassVar[dict[str, Any]] = {
            "quiet_from": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "quiet_until": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if bool(cleaned.get("quiet_from")) != bool(cleaned.get("quiet_until")):
            self.add_error("quiet_until", "Quiet hours need a beginning and an end.")
        elif cleaned.get("quiet_from") and cleaned["quiet_from"] == cleaned["quiet_until"]:
            self.add_error("quiet_until", "They end when they begin. Leave both empty for none.")
        return cleaned


class SenderForm(forms.Form):
    local_part = forms.CharField(
        label="Before the @",
        max_length=64,
        initial="hello",
        help_text="Mail comes from this address, such as hello@school.example.",
        widget=forms.TextInput(attrs=PLAIN),
    )
    from_name = forms.CharField(
        label="Name beside it",
        max_length=100,
        required=False,
        help_text="Empty: the name of the workspace.",
    )


class SenderDomainForm(SenderForm):
    domain = forms.CharField(
        label="Domain",
        max_length=253,
        help_text="One you own, such as school.example.",
        widget=forms.TextInput(attrs=PLAIN),
    )

    field_order = ("domain", "local_part", "from_name")
