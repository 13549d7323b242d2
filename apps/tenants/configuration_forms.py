"""The pages' forms of the configuration. Its rules are those of the typed declaration; a form
brings words and widgets, and takes the declaration's errors back to their fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict

from apps.tenants import configuration
from apps.tenants.configuration import MOST_TERMS, Configuration
from apps.tenants.configuration_words import MARKS, WEEK_DAYS
from apps.tenants.features import FEATURES, Feature
from apps.tenants.forms import offer
from apps.tenants.permissions import Role
from apps.tenants.roles import Choice

MOST_CSV_BYTES = 256 * 1024
PREVIEW = {
    "hx-get": "/settings/branding/preview/",
    "hx-trigger": "input changed delay:150ms",
    "hx-include": "#id_accent, [name=mark]",
    "hx-target": "#brand-preview",
    "hx-swap": "outerHTML",
    "hx-sync": "closest form:queue last",
}


def time_zone_choices() -> list[tuple[str, str | list[tuple[str, str]]]]:
    """By continent, cities as people write them."""
    grouped: dict[str, list[tuple[str, str]]] = {}
    for zone in sorted(configuration.time_zones()):
        region, _, place = zone.partition("/")
        if place:
            grouped.setdefault(region, []).append((zone, place.replace("_", " ")))
    return [("UTC", "UTC"), *grouped.items()]


class VersionedForm(forms.Form):
    """`version`: what the person saw; `over`: the one whose differing values they overwrite."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    over = forms.IntegerField(min_value=0, required=False, widget=forms.HiddenInput)

    def seen(self) -> dict[str, Any]:
        """For `configuration.change`."""
        return {"base": self.cleaned_data["version"], "over": self.cleaned_data["over"]}

    def take(self, errors: Mapping[str, list[str]]) -> None:
        """Show the declaration's errors at their fields, or above the form."""
        for place, sentences in errors.items():
            self.add_error(place if place in self.fields else None, list(sentences))


class BrandingForm(VersionedForm):
    accent = forms.CharField(
        label="Colour",
        required=False,
        max_length=7,
        help_text="As #rrggbb, or empty for the product's own.",
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "spellcheck": "false",
                "placeholder": "#rrggbb",
                **PREVIEW,
            }
        ),
    )
    mark = forms.ChoiceField(
        label="Mark",
        choices=list(MARKS.items()),
        widget=forms.RadioSelect(attrs={**PREVIEW, "hx-trigger": "change"}),
    )


class ConfigurationForm(VersionedForm):
    locale = forms.ChoiceField(
        label="Language and formats",
        choices=lambda: settings.LANGUAGES,
        help_text="How dates and times are written.",
    )
    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=time_zone_choices,
        help_text="All times on pages and in mails are in it.",
    )
    week_start = forms.ChoiceField(label="Weeks begin on", choices=list(WEEK_DAYS.items()))

    def __init__(self, *args: Any, may_switch: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, feature in own_features():
            self.fields[f"feature_{name}"] = forms.BooleanField(
                label=feature.label, help_text=feature.text, required=False,
                disabled=not may_switch,
            )  # fmt: skip

    @staticmethod
    def initial_of(found: Configuration, version: int) -> dict[str, Any]:
        values = {name: getattr(found, name) for name in ("locale", "time_zone", "week_start")}
        switches = {f"feature_{name}": found.has(name) for name, _ in own_features()}
        return {**values, **switches, "version": version}

    def typed(self, data: QueryDict) -> dict[str, Any]:
        """What was sent, unchecked, to be shown again."""
        switches = {
            name: name in data
            for name, field in self.fields.items()
            if name.startswith("feature_") and not field.disabled
        }
        return {**data.dict(), **switches}

    def settings(self) -> dict[str, Any]:
        """For `configuration.change`, without the terms."""
        values = {name: self.cleaned_data[name] for name in ("locale", "time_zone", "week_start")}
        return values | {
            "features": {name: self.cleaned_data[f"feature_{name}"] for name, _ in own_features()}
        }

    def switches(self) -> list[forms.BoundField]:
        return [self[f"feature_{name}"] for name, _ in own_features()]


class TermForm(forms.Form):
    name = forms.CharField(label="Name", max_length=60)
    starts = forms.DateField(label="First day", input_formats=["%Y-%m-%d"])
    ends = forms.DateField(label="Last day", input_formats=["%Y-%m-%d"])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("starts", "ends"):
            # The form that browsers send and want, whatever the locale.
            self.fields[name].widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class BaseTermFormSet(forms.BaseFormSet):  # type: ignore[type-arg]  # not subscriptable at run time
    """Rows of terms and an empty one. An emptied or removed row is no term."""

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, prefix="terms", **kwargs)
        self.extra = min(len(self.initial or []) + 1, MOST_TERMS)

    def initial_form_count(self) -> int:
        return 0  # to Django each row is a new one, so that an empty one is nothing

    def rows(self) -> list[TermForm]:
        return [f for f in self.forms if f.has_changed() and not f.cleaned_data.get("DELETE")]

    @classmethod
    def typed(cls, data: QueryDict) -> list[dict[str, str]]:
        """The rows as they were sent, unchecked, to be shown again."""
        names = ("name", "starts", "ends")
        rows = [
            {name: data.get(f"terms-{n}-{name}", "") for name in names}
            for n in range(MOST_TERMS)
            if f"terms-{n}-DELETE" not in data
        ]
        return [row for row in rows if any(row.values())]

    def terms(self) -> list[dict[str, Any]]:
        """For `configuration.change`."""
        names = ("name", "starts", "ends")
        return [{name: row.cleaned_data[name] for name in names} for row in self.rows()]

    def take(self, errors: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """Show the declaration's errors about terms at their rows; returns the others."""
        rest: dict[str, list[str]] = {}
        for place, sentences in errors.items():
            _, row, field = (*place.split("."), "", "")[:3]
            if place.startswith("terms.") and row.isdigit():
                form = self.rows()[int(row)]
                form.add_error(field if field in form.fields else None, list(sentences))
            elif place == "terms":
                self.non_form_errors().extend(sentences)
            else:
                rest[place] = sentences
        return rest


TermFormSet = forms.formset_factory(
    TermForm, formset=BaseTermFormSet, can_delete=True, max_num=MOST_TERMS, absolute_max=MOST_TERMS
)


class InvitationsForm(forms.Form):
    emails = forms.CharField(
        label="E-mail addresses",
        help_text="One a line, or with commas between them; a pasted list will do.",
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false"}),
    )
    role = forms.ChoiceField(label="Role", initial=Role.TEACHER)

    def __init__(self, *args: Any, roles: Iterable[Choice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, roles)


class ManyInvitationsForm(InvitationsForm):
    """As `InvitationsForm`, or with the addresses out of a file of any table program."""

    file = forms.FileField(label="Or a CSV file", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["emails"].required = False

    def clean_file(self) -> str:
        """What in it looks like an address."""
        file = self.cleaned_data["file"]
        if file is None:
            return ""
        if file.size > MOST_CSV_BYTES:
            raise forms.ValidationError("This file is larger than 256 KB: send a part of it.")
        text = file.read().decode("utf-8", errors="replace")
        return "\n".join(re.findall(r"[^\s,;<>\"']+@[^\s,;<>\"']+", text))

    def wish(self) -> dict[str, str]:
        """For `onboarding.invite`."""
        found = self.cleaned_data
        return {"text": f"{found['emails']}\n{found['file']}", "role": found["role"]}


def own_features() -> list[tuple[str, Feature]]:
    """What the workspace's owners switch themselves."""
    return [(name, one) for name, one in FEATURES.items() if one.switched_by == "owner"]
