"""Operators and customers hear of money that waits, came back or is disputed."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from apps.payments.models import Dispute, MoneyRequest, Refund
from apps.payments.services import money_alerts
from apps.payments.signals import dispute_stored, money_requested, refund_stored


@receiver(money_requested, dispatch_uid="payments.tell_of_request")
def tell_of_request(request: MoneyRequest, **_: Any) -> None:
    money_alerts.tell_of_request(request)


@receiver(refund_stored, dispatch_uid="payments.tell_of_refund")
def tell_of_refund(refund: Refund, **_: Any) -> None:
    if refund.state == MoneyRequest.State.FAILED:
        money_alerts.tell_of_failed_refund(refund)


@receiver(dispute_stored, dispatch_uid="payments.tell_of_dispute")
def tell_of_dispute(dispute: Dispute, before: Dispute | None, **_: Any) -> None:
    if before is None and dispute.can_be_answered:
        money_alerts.tell_of_dispute(dispute)
