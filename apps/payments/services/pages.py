"""Addresses of a customer's own pages, for Stripe and for mails."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse

from apps.core.errors import NotFound
from apps.payments.models import Account


def address(account: Account, name: str, *args: Any) -> str:
    """A page of the account's workspace by the name of its URL. Raises `NotFound` where the
    workspace is gone.
    """
    if account.tenant is None:
        raise NotFound("This customer has no workspace any more.")
    return account.tenant.url + reverse(name, args=args, urlconf=settings.ROOT_URLCONF)
