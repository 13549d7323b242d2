from __future__ import annotations

import pytest
from django import forms

from apps.core import form_errors
from apps.core.errors import Conflict, Invalid


class NameForm(forms.Form):
    name = forms.CharField()


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (Invalid(errors={"name": ["Too short.", "Taken."]}), {"name": ["Too short.", "Taken."]}),
        (Invalid(errors={"elsewhere": ["Wrong."]}), {"__all__": ["Wrong."]}),
        (Invalid("Nothing fits."), {"__all__": ["Nothing fits."]}),
        (Conflict("It is there already."), {"__all__": ["It is there already."]}),
    ],
)
def test_an_error_stands_at_its_field_or_above_the_form(error, shown):
    form = NameForm({"name": "x"})
    form_errors.show(form, error)
    assert form.errors == shown
