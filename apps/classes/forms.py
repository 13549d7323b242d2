from __future__ import annotations

from typing import Any

from django import forms

from apps.core import form_errors
from apps.core.errors import DomainError


class ServiceForm(forms.Form):
    """A form whose last word has a service: its refusals appear at the fields they name."""

    def refuse(self, error: DomainError) -> None:
        form_errors.show(self, error)


class ClassForm(ServiceForm):
    name = forms.CharField(
        label="Name of the class",
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "7B Science"}),
    )


class NamesForm(ServiceForm):
    names = forms.CharField(
        label="Names",
        help_text="One a line, as many as you like: paste a column of your list.",
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false"}),
    )


class NameForm(ServiceForm):
    name = forms.CharField(
        label="Name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class PersonForm(ServiceForm):
    """Choose a person out of `people` (id and name)."""

    person = forms.ChoiceField()

    def __init__(
        self, *args: Any, people: list[tuple[str, str]], label: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].label = label
        self.fields["person"].choices = people  # type: ignore[attr-defined]


class GuardianForm(ServiceForm):
    email = forms.EmailField(
        label="Guardian's e-mail", widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )


class CodeForm(ServiceForm):
    code = forms.CharField(
        label="Class code",
        max_length=20,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "class": "join-code",
                "autofocus": True,
            }
        ),
    )
