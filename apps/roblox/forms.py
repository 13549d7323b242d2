from __future__ import annotations

from typing import Any

from django import forms

from apps.core.errors import DomainError, Invalid
from apps.roblox.services import releases


class ServiceForm(forms.Form):
    """A form whose last word has a service: its refusals appear at the fields they name."""

    def refuse(self, error: DomainError, field: str | None = None) -> None:
        if isinstance(error, Invalid) and error.errors:
            for name, messages in error.errors.items():
                target = name if name in self.fields else None
                for message in messages:
                    self.add_error(target, message)
        else:
            self.add_error(field, error.detail)


class ExperienceForm(ServiceForm):
    name = forms.CharField(max_length=100, help_text="What your pupils or players call it.")
    universe_id = forms.IntegerField(
        label="Universe ID",
        min_value=1,
        help_text="On Roblox: Creations, the experience's menu, Copy Universe ID.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


class RenameForm(ServiceForm):
    name = forms.CharField(max_length=100)


class EnvironmentForm(ServiceForm):
    place_id = forms.IntegerField(
        label="Place ID",
        min_value=1,
        help_text="The number in the place's address on Roblox.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    api_key = forms.CharField(
        label="Open Cloud API key",
        required=False,
        max_length=2000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=(
            "Scopes: universe-places:write to publish; asset:read and universe:write so that "
            "interrupted uploads can be found and servers restarted. Empty keeps the present key."
        ),
    )


class ReleaseForm(ServiceForm):
    version = forms.CharField(
        max_length=60,
        help_text="Semantic: 1.4.0. Higher than the last.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    file = forms.FileField(
        label="Place file",
        help_text=".rbxl or .rbxlx, up to 100 MB. In Studio: File, Save to File As.",
        widget=forms.ClearableFileInput(attrs={"accept": ".rbxl,.rbxlx"}),
    )
    notes = forms.CharField(
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What changed, for the people who promote it.",
    )

    stage = forms.BooleanField(
        required=False,
        label="Deploy it to staging after the scan",
        help_text="Unless the scan finds something critical.",
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        try:
            releases.require_size(file.size)
        except Invalid as error:
            raise forms.ValidationError(error.errors["file"]) from error
        return file
