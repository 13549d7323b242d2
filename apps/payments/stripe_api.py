"""The only importer of the `stripe` library: the product as Stripe's customer.

    stripe_api.call(lambda api: api.customers.create(params, options))   # a dict
    stripe_api.retrieve("invoice", "in_…")
    stripe_api.each("invoice", customer="cus_…")

Answers are plain dicts in the shape of Stripe's API version of the installed library
(https://docs.stripe.com/api). Deeds carry an idempotency key in `options`, so that whoever is
unsure whether one arrived sends it again with the same key
(https://docs.stripe.com/api/idempotent_requests).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final, TypeVar

import requests
import stripe
from django.conf import settings

from apps.core.breaker import BreakerOpen, declare, guard
from apps.payments.errors import CardDeclined, StripeError, StripeObjectMissing

VENDOR = "stripe"
API_VERSION: Final[str] = stripe.api_version  # of the installed library
declare(VENDOR, "Stripe")

TIMEOUT: Final = (3.05, 20)  # seconds to connect and to be answered
RETRIES: Final = 2  # by the library, with the same idempotency key
BROKEN: Final = 500
TOO_MANY: Final = 429
CONFLICT: Final = 409  # the same idempotency key is in use this moment
NO_KEY: Final = "Payments are not set up on this installation: STRIPE_SECRET_KEY is not set."
T = TypeVar("T")

# Where an object of a kind lies, by its `object`.
PATHS: Final[dict[str, str]] = {
    "balance_transaction": "balance_transactions",
    "charge": "charges",
    "checkout.session": "checkout/sessions",
    "coupon": "coupons",
    "credit_note": "credit_notes",
    "customer": "customers",
    "dispute": "disputes",
    "event": "events",
    "invoice": "invoices",
    "payment_intent": "payment_intents",
    "payment_method": "payment_methods",
    "payout": "payouts",
    "price": "prices",
    "product": "products",
    "promotion_code": "promotion_codes",
    "refund": "refunds",
    "setup_intent": "setup_intents",
    "subscription": "subscriptions",
    "subscription_schedule": "subscription_schedules",
    "tax_rate": "tax_rates",
    "test_helpers.test_clock": "test_helpers/test_clocks",
}
# What is fetched along with an object, so that all of our rows follow from one answer.
EXPANDED: Final[dict[str, tuple[str, ...]]] = {
    "charge": ("balance_transaction",),
    "customer": ("cash_balance", "invoice_settings.default_payment_method", "tax_ids"),
    "dispute": ("charge",),
    "invoice": ("discounts.source.coupon", "payments"),
    "payout": ("balance_transaction", "failure_balance_transaction"),
    "refund": ("balance_transaction", "charge", "failure_balance_transaction"),
    "subscription": ("default_payment_method", "discounts.source.coupon"),
}


def call(deed: Callable[[Any], T]) -> Any:
    """Do something at Stripe: `deed` is given `StripeClient.v1`. Returns the answer as a dict.

    Raises `StripeError`: `CardDeclined` and `StripeObjectMissing` are permanent, as is every
    other refusal of what was asked; outages and limits are not.
    """
    return _plain(_guarded(lambda: deed(client().v1)))


def retrieve(kind: str, ident: str) -> dict[str, Any]:
    """One object by its kind (`invoice`, …) and id, with `EXPANDED` and all lines it has. Raises
    `StripeError`, `StripeObjectMissing`.
    """
    found = request(f"{PATHS[kind]}/{ident}", expand=list(EXPANDED.get(kind, ())))
    _complete(found)
    return found


def each(kind: str, **params: Any) -> Iterator[dict[str, Any]]:
    """All objects of a kind that `params` (Stripe's own) choose, newest first, page by page."""
    expand = [f"data.{one}" for one in EXPANDED.get(kind, ())]
    for one in pages(PATHS[kind], expand=expand, **params):
        _complete(one)
        yield one


def pages(path: str, **params: Any) -> Iterator[dict[str, Any]]:
    """Every entry of a list of Stripe's at `path` below `/v1/`."""
    wish = {"limit": 100, **params}
    while True:
        page = request(path, **wish)
        yield from page["data"]
        if not page["has_more"]:
            return
        wish["starting_after"] = page["data"][-1]["id"]


def request(path: str, method: str = "get", **params: Any) -> dict[str, Any]:
    """An address below `/v1/` that no method of the library fits. Raises `StripeError`."""
    wish = {key: value for key, value in params.items() if value not in (None, [])}
    answer = _guarded(lambda: client().raw_request(method, f"/v1/{path}", **wish))
    found: dict[str, Any] = answer.data
    return found


def read_event(body: bytes, signature: str, secret: str, tolerance: int = 300) -> Any:
    """What a webhook says, once its signature holds. Raises `ValueError` where it does not, is
    older than `tolerance` seconds, or is no JSON. https://docs.stripe.com/webhooks/signature
    """
    try:
        stripe.WebhookSignature.verify_header(body, signature, secret, tolerance)
    # Of what is not ASCII, comparing in constant time raises the latter.
    except (stripe.SignatureVerificationError, TypeError) as error:
        raise ValueError(str(error)) from error
    return json.loads(body)


def revive(data: Mapping[str, Any]) -> Any:
    """A plain answer as the library's own object, for dj-stripe."""
    return stripe.StripeObject.construct_from(dict(data), settings.STRIPE_SECRET_KEY)


def lend(deed: Callable[[], T]) -> T:
    """Run code of dj-stripe's that may ask Stripe through the `stripe` module by itself: in our
    limits of time and behind our circuit breaker. Raises `StripeError`.
    """
    stripe.default_http_client = _lent(os.getpid())
    try:
        return deed()
    except stripe.StripeError as error:
        raise _translated(error) from error


def client() -> stripe.StripeClient:
    """Raises `StripeError` where this installation has no key: nobody is asked without one."""
    if not settings.STRIPE_SECRET_KEY:
        raise StripeError(NO_KEY, permanent=True)
    return _client(os.getpid(), settings.STRIPE_SECRET_KEY, settings.STRIPE_API_HOST)


@cache
def _client(_process: int, key: str, url: str) -> stripe.StripeClient:
    """One a process and account: connections are not shared across a fork."""
    return stripe.StripeClient(
        key,
        base_addresses={"api": url, "files": url, "meter_events": url},
        http_client=stripe.RequestsClient(timeout=TIMEOUT, session=_session()),
        max_network_retries=RETRIES,
    )


@cache
def _lent(_process: int) -> stripe.RequestsClient:
    return _GuardedClient(timeout=TIMEOUT, session=_session())


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # no proxy of the environment's
    return session


class _GuardedClient(stripe.RequestsClient):
    """Each request of it goes by the breaker; what `_guarded` does not stand around."""

    def request_with_retries(self, *args: Any, **about: Any) -> Any:
        try:
            return guard(VENDOR, lambda: self._ask(*args, **about), is_failure=_is_outage)
        except BreakerOpen as error:
            raise stripe.APIConnectionError(error.detail) from error  # type: ignore[no-untyped-call]

    def _ask(self, *args: Any, **about: Any) -> Any:
        answer = super().request_with_retries(*args, **about)
        if answer[1] >= BROKEN:
            raise stripe.APIError("Stripe broke.", http_status=answer[1])
        return answer


def _guarded(deed: Callable[[], T]) -> T:
    try:
        return guard(VENDOR, deed, is_failure=_is_outage)
    except BreakerOpen as error:
        raise StripeError(error.detail, retry_after=error.retry_after) from error
    except stripe.StripeError as error:
        raise _translated(error) from error


def _is_outage(error: BaseException) -> bool:
    if isinstance(error, stripe.APIConnectionError):
        return True
    return isinstance(error, stripe.StripeError) and (error.http_status or 0) >= BROKEN


def is_kept(error: BaseException) -> bool:
    """Whether Stripe answered that it broke. It gives that answer to the same key for a day, so
    whoever tries again sends another (https://docs.stripe.com/api/idempotent_requests).
    """
    return (getattr(error.__cause__, "http_status", None) or 0) >= BROKEN


def _translated(error: stripe.StripeError) -> StripeError:
    kind: type[StripeError] = StripeError
    if isinstance(error, stripe.CardError):
        kind = CardDeclined
    elif error.code == "resource_missing":
        kind = StripeObjectMissing
    status = error.http_status or 0
    permanent = bool(status) and status < BROKEN and status not in {TOO_MANY, CONFLICT}
    found = kind(error.user_message or str(error), permanent=permanent)
    found.stripe_code = error.code or ""
    found.decline_code = getattr(error.error, "decline_code", None) or ""
    found.param = getattr(error, "param", None) or ""
    found.request_id = error.request_id or ""
    return found


def _complete(found: dict[str, Any]) -> None:
    """A list inside of an object holds ten entries at most: the others are fetched."""
    lines = found.get("lines")
    if not isinstance(lines, Mapping) or not lines.get("has_more"):
        return
    path = str(lines["url"]).removeprefix("/v1/")
    found["lines"] = {**lines, "data": list(pages(path)), "has_more": False}


def _plain(answer: Any) -> Any:
    if isinstance(answer, stripe.StripeObject):
        return answer.to_dict(for_json=True)
    return answer
