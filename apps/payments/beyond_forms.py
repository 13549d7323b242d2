from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from apps.core.money import decimal, minor
from apps.payments.catalogue import CURRENCY
from apps.usage.services.beyond import MOST


class BeyondForm(forms.Form):
    pays = forms.BooleanField(label="Pay for what goes beyond the plan", required=False)
    most = forms.DecimalField(
        label="Spending limit for a month, in euros",
        required=False,
        min_value=Decimal(0),
        max_value=decimal(MOST, CURRENCY),
        decimal_places=2,
        help_text="Without VAT. More is refused then, until the next month. Empty: no limit.",
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "0.01", "min": "0"}),
    )

    @staticmethod
    def of(pays: bool, most: int | None) -> dict[str, Any]:  # noqa: FBT001 -- as stored
        return {"pays": pays, "most": None if most is None else decimal(most, CURRENCY)}

    @property
    def chosen(self) -> dict[str, Any]:
        """As `metering.choose` takes it."""
        most = self.cleaned_data["most"]
        return {
            "pays": self.cleaned_data["pays"],
            "most": None if most is None else minor(most, CURRENCY),
        }
