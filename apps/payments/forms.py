from __future__ import annotations

from typing import Any, Final

from django import forms

from apps.payments import catalogue
from apps.payments.card_numbers import refuse_card_number
from apps.payments.catalogue import Chosen
from apps.payments.countries import COUNTRIES
from apps.payments.services.cancellations import REASONS
from apps.usage.plans import PLANS

OFF: Final = {"autocomplete": "off"}
NO_CARD: Final = [refuse_card_number]


class PlanForm(forms.Form):
    """What is wanted."""

    plan = forms.ChoiceField(
        choices=[(slug, PLANS[slug].name) for slug in catalogue.PRICED],
        widget=forms.RadioSelect,
    )
    interval = forms.ChoiceField(
        label="Paid",
        choices=[("month", "Every month"), ("year", "Every year: two months free")],
        widget=forms.RadioSelect,
    )
    seats = forms.IntegerField(
        label="Additional staff",
        required=False,
        min_value=0,
        max_value=catalogue.MOST_SEATS,
        help_text="Teachers and others beyond those the plan includes. Pupils are free.",
    )
    promotion_code = forms.CharField(
        label="Promotion code",
        required=False,
        max_length=80,
        widget=forms.TextInput(
            attrs={**OFF, "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )

    def clean_seats(self) -> int:
        return int(self.cleaned_data["seats"] or 0)

    @property
    def chosen(self) -> Chosen:
        return Chosen.of(self.cleaned_data)


class ConfirmForm(PlanForm):
    """The same, as it was shown."""

    proration_date = forms.IntegerField(min_value=0)
    total_now = forms.IntegerField()


class DetailsForm(forms.Form):
    legal_name = forms.CharField(
        validators=NO_CARD,
        label="Name on invoices",
        max_length=150,
        help_text="The school, or the authority that pays for it.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    billing_email = forms.EmailField(
        label="E-mail for invoices",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    line1 = forms.CharField(
        validators=NO_CARD, label="Address", max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "address-line1"}),
    )  # fmt: skip
    line2 = forms.CharField(
        validators=NO_CARD, label="Address, second line", max_length=200, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "address-line2"}),
    )  # fmt: skip
    postal_code = forms.CharField(
        validators=NO_CARD,
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "postal-code"}),
    )
    city = forms.CharField(
        validators=NO_CARD,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "address-level2"}),
    )
    state = forms.CharField(
        validators=NO_CARD, label="State or province", max_length=100, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "address-level1"}),
    )  # fmt: skip
    country = forms.ChoiceField(
        choices=[("", "Choose…"), *COUNTRIES.items()],
        widget=forms.Select(attrs={"autocomplete": "country"}),
    )
    vat_id = forms.CharField(
        label="VAT number", max_length=30, required=False,
        help_text="With it, customers in other countries of the EU pay the VAT to their own tax "
        "office instead of to us.",
        widget=forms.TextInput(attrs={**OFF, "spellcheck": "false"}),
    )  # fmt: skip
    purchase_order = forms.CharField(
        validators=NO_CARD, label="Purchase order number", max_length=60, required=False,
        help_text="We put it on each invoice from now on.",
        widget=forms.TextInput(attrs=OFF),
    )  # fmt: skip


class CancelForm(forms.Form):
    feedback = forms.ChoiceField(
        label="Why do you leave?", choices=list(REASONS.items()), widget=forms.RadioSelect
    )
    comment = forms.CharField(
        validators=NO_CARD,
        label="What could we have done better?",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class PauseForm(forms.Form):
    def __init__(self, *args: Any, choices: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["months"] = forms.TypedChoiceField(
            label="Pause", coerce=int, choices=choices, widget=forms.RadioSelect
        )
