from __future__ import annotations

from django import forms

from apps.tenants.services import tenants


class SchoolForm(forms.Form):
    name = forms.CharField(
        label="School's name",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    slug = forms.CharField(
        label="Address",
        max_length=40,
        help_text="Where it is found: what you write here, in front of the product's own address.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )

    def clean_slug(self) -> str:
        slug = str(self.cleaned_data["slug"]).strip().lower()
        if problem := tenants.slug_problem(slug=slug):
            raise forms.ValidationError(problem)
        return slug
