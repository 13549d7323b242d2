"""The workspace's host: `/settings/billing/`, what is done with the subscription."""

from __future__ import annotations

from django.urls import path

from apps.payments.views import beyond, billing, plans

HERE = "settings/billing/"
urlpatterns = [
    path(HERE, billing.show, name="settings_billing"),
    path(f"{HERE}plan/", plans.choose, name="billing_plan"),
    path(f"{HERE}plan/change/", plans.change, name="billing_change"),
    path(f"{HERE}plan/stay/", billing.unplan, name="billing_unplan"),
    path(f"{HERE}trial/", plans.trial, name="billing_trial"),
    path(f"{HERE}order/", plans.order, name="billing_order"),
    path(f"{HERE}checkout/", plans.checkout, name="billing_checkout"),
    path(f"{HERE}checkout/done/", plans.done, name="billing_checkout_done"),
    path(f"{HERE}checkout/left/", plans.left, name="billing_checkout_left"),
    path(f"{HERE}beyond/", beyond.show, name="billing_beyond"),
    path(f"{HERE}method/", billing.method, name="billing_method"),
    path(f"{HERE}method/new/", plans.setup, name="billing_setup"),
    path(f"{HERE}details/", billing.details, name="billing_details"),
    path(f"{HERE}cancel/", billing.cancel, name="billing_cancel"),
    path(f"{HERE}keep/", billing.keep, name="billing_keep"),
    path(f"{HERE}offer/", billing.stay, name="billing_stay"),
    path(f"{HERE}pause/", billing.pause, name="billing_pause"),
    path(f"{HERE}resume/", billing.resume, name="billing_resume"),
    path(f"{HERE}unconfirmed/retry/", billing.retry, name="billing_retry"),
    path(f"{HERE}unconfirmed/drop/", billing.drop, name="billing_drop"),
]
