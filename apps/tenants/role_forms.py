"""The pages' forms of roles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from apps.tenants.forms import offer
from apps.tenants.permissions import DECLARED
from apps.tenants.roles import Choice


class RoleForm(forms.Form):
    """`version` is the one that its author has seen."""

    name = forms.CharField(max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    description = forms.CharField(
        label="What is it for?", max_length=200, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    permissions = forms.MultipleChoiceField(
        choices=[(name, each.label) for name, each in DECLARED.items()], required=False
    )

    def version(self) -> int | None:
        seen = self.data.get("version", "")
        return int(seen) if seen.isdecimal() and len(seen) < 10 else None  # noqa: PLR2004

    def chosen(self) -> list[str]:
        """The permissions ticked: as sent, or as they are."""
        return list(self["permissions"].value() or [])

    def take(self, errors: Mapping[str, list[str]]) -> None:
        """Show a service's errors at their fields."""
        for field, sentences in errors.items():
            self.add_error(field if field in self.fields else None, list(sentences))


class ReplacementForm(forms.Form):
    replacement = forms.ChoiceField(label="Its people become", required=False)

    def __init__(self, *args: Any, roles: Iterable[Choice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, roles, "replacement")
