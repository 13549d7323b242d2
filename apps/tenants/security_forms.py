from __future__ import annotations

from typing import Any

from django import forms

from apps.tenants.configuration import Configuration
from apps.tenants.configuration_forms import VersionedForm
from apps.tenants.permissions import Role

IDLE = {
    "": "14 days", "15": "15 minutes", "30": "30 minutes", "60": "an hour", "240": "4 hours",
    "480": "8 hours", "1440": "a day", "4320": "3 days", "10080": "7 days",
}  # fmt: skip
ALTOGETHER = {
    "": "60 days", "8": "8 hours", "12": "12 hours", "24": "a day", "168": "7 days",
    "336": "14 days", "720": "30 days",
}  # fmt: skip


class SecurityForm(VersionedForm):
    mfa_roles = forms.MultipleChoiceField(
        label="Who needs two-step sign-in",
        choices=Role.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="They set up a passkey or an authenticator app before anything else. "
        "Pupils without an e-mail address are left out.",
    )
    session_idle_minutes = forms.TypedChoiceField(
        label="Sign people out when they have done nothing for",
        coerce=int, empty_value=None, required=False,
    )  # fmt: skip
    session_hours = forms.TypedChoiceField(
        label="Have them sign in again in any case after",
        coerce=int, empty_value=None, required=False,
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, words, unit in (
            ("session_idle_minutes", IDLE, "minutes"), ("session_hours", ALTOGETHER, "hours"),
        ):  # fmt: skip
            present = str(self.initial.get(name) or "")
            choices = {present: f"{present} {unit}", **words}  # what a program has set
            self.fields[name].choices = list(choices.items())  # type: ignore[attr-defined]

    @staticmethod
    def initial_of(found: Configuration, version: int) -> dict[str, Any]:
        return {
            "mfa_roles": list(found.mfa_roles),
            "session_idle_minutes": found.session_idle_minutes,
            "session_hours": found.session_hours,
            "version": version,
        }

    def settings(self) -> dict[str, Any]:
        """For `configuration.change`."""
        names = ("mfa_roles", "session_idle_minutes", "session_hours")
        return {name: self.cleaned_data[name] for name in names}
