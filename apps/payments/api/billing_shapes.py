"""The shapes of `/api/v1/billing/`. Amounts are whole numbers of the currency's minor units."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.payments import catalogue
from apps.payments.card_numbers import refuse_card_number
from apps.payments.models import Account, Attempt, Subscription
from apps.payments.services import billing_details, pauses
from apps.payments.services.cancellations import REASONS

PLANS = list(catalogue.PRICED)
NO_CARD = [refuse_card_number]
INTERVALS = [("month", "Monthly"), ("year", "Yearly")]


class AmountLineSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    amount = serializers.IntegerField()


class AmountsSerializer(serializers.Serializer[Any]):
    currency = serializers.CharField()
    subtotal = serializers.IntegerField()
    discount = serializers.IntegerField()
    tax = serializers.IntegerField()
    total = serializers.IntegerField(help_text="below zero: becomes credit")
    due = serializers.IntegerField(help_text="what is charged, after credit")
    lines = AmountLineSerializer(many=True)


class ChosenSerializer(serializers.Serializer[Any]):
    plan = serializers.ChoiceField(choices=PLANS)
    interval = serializers.ChoiceField(choices=INTERVALS)
    seats = serializers.IntegerField(help_text="staff beyond those that the plan includes")


class SubscriptionSerializer(serializers.ModelSerializer[Subscription]):
    class Meta:
        model = Subscription
        fields = [
            "status", "plan", "interval", "seats", "amount", "currency", "collection",
            "period_start", "period_end", "trial_end", "cancel_at_period_end", "is_paused",
            "resumes_at", "method",
        ]  # fmt: skip
        read_only_fields = fields


class UnconfirmedSerializer(serializers.ModelSerializer[Attempt]):
    class Meta:
        model = Attempt
        fields = ["id", "deed", "state", "created_at", "finished_at"]
        read_only_fields = fields


class BillingSerializer(serializers.Serializer[Any]):
    plan = serializers.CharField(source="plan.slug")
    subscription = SubscriptionSerializer(allow_null=True)
    renewal = AmountsSerializer(allow_null=True, help_text="the next invoice")
    renews_at = serializers.DateTimeField(allow_null=True)
    planned = ChosenSerializer(allow_null=True, help_text="from the end of the period on")
    method = serializers.CharField(help_text="what is charged: Visa 4242")
    balance = serializers.IntegerField(source="account.balance", help_text="below zero: credit")
    trial_days_left = serializers.IntegerField(allow_null=True)
    may_try = serializers.BooleanField(help_text="whether the free trial is still to be had")
    unconfirmed = UnconfirmedSerializer(source="attempt", allow_null=True)


class ChoiceInput(serializers.Serializer[Any]):
    plan = serializers.ChoiceField(choices=PLANS)
    interval = serializers.ChoiceField(choices=INTERVALS)
    seats = serializers.IntegerField(min_value=0, max_value=catalogue.MOST_SEATS, default=0)
    promotion_code = serializers.CharField(max_length=80, allow_blank=True, default="")


class OrderInput(ChoiceInput):
    total_now = serializers.IntegerField(help_text="of the preview")


class ChangeInput(OrderInput):
    proration_date = serializers.IntegerField(min_value=0, help_text="of the preview")


class PreviewSerializer(serializers.Serializer[Any]):
    chosen = ChosenSerializer()
    now = AmountsSerializer(allow_null=True, help_text="charged at once")
    later = AmountsSerializer(help_text="charged every interval")
    later_at = serializers.DateTimeField(allow_null=True)
    offer = serializers.CharField(
        help_text="what the promotion code takes off; empty without one. With a change it counts "
        "from `later` on"
    )
    afterwards = AmountsSerializer(
        allow_null=True,
        help_text="charged every interval once the code is used up; null: `later` goes on",
    )
    starts_at = serializers.DateTimeField(allow_null=True, help_text="null: at once")
    total_now = serializers.IntegerField(help_text="send it back to confirm")
    proration_date = serializers.IntegerField(help_text="send it back to confirm")


class ChangedSerializer(serializers.Serializer[Any]):
    subscription = SubscriptionSerializer()
    at_end = serializers.BooleanField(help_text="it changes when the period ends")
    confirm_url = serializers.CharField(help_text="where the bank has it confirmed; empty: nowhere")
    code_refused = serializers.CharField(
        help_text="why the promotion code was not taken although all else is changed; empty: it was"
    )


class PageSerializer(serializers.Serializer[Any]):
    url = serializers.URLField(help_text="a page of Stripe's, for a browser")


class CheckoutSerializer(PageSerializer):
    id = serializers.CharField()


class ConcludeInput(serializers.Serializer[Any]):
    session = serializers.CharField(max_length=255)


class OutcomeSerializer(serializers.Serializer[Any]):
    is_complete = serializers.BooleanField()
    duplicate = serializers.BooleanField(help_text="a second one, ended and paid back")
    subscription = SubscriptionSerializer(allow_null=True)


class DetailsSerializer(serializers.ModelSerializer[Account]):
    class Meta:
        model = Account
        fields = [*billing_details.FIELDS, "vat_state"]
        read_only_fields = fields


class DetailsInput(serializers.ModelSerializer[Account]):
    """What is left out stays."""

    class Meta:
        model = Account
        fields = billing_details.FIELDS
        extra_kwargs = {name: {"validators": NO_CARD} for name in billing_details.WRITTEN_FREELY}


class CancelInput(serializers.Serializer[Any]):
    feedback = serializers.ChoiceField(choices=list(REASONS))
    comment = serializers.CharField(
        max_length=1000, allow_blank=True, default="", validators=NO_CARD
    )


class PauseInput(serializers.Serializer[Any]):
    months = serializers.IntegerField(min_value=pauses.MONTHS[0], max_value=pauses.MONTHS[-1])
