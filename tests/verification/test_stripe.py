"""The sandbox's Stripe beside the official SDK: same addresses, same parameters.

That every answer is one that the SDK's annotations allow, each call of
`tests/integration/sandbox/stripe` proves by itself (see `tests/fixtures/stripe.py`).
"""

from __future__ import annotations

import inspect
import pkgutil
import re
import typing
from typing import Any, NotRequired, Required

import pytest
import stripe
from pydantic import ConfigDict, TypeAdapter, ValidationError
from typing_extensions import TypedDict, is_typeddict

from sandbox.stripe import shapes
from sandbox.stripe.errors import StripeError
from sandbox.stripe.routes import ENDPOINTS
from tests.fixtures.stripe_shapes import misfits

METHOD = re.compile(
    r"    def (?!\w+_async)\w+\((?P<signature>.*?)\) -> .*?"
    r'_request\(\s*"(?P<verb>\w+)",\s*"(?P<path>[^"]+)"',
    re.DOTALL,
)
SHAPE = re.compile(r'params: (?:Optional\[)?\s*"(?P<shape>\w+)"')


def _services() -> list[Any]:
    found = []
    for package in (stripe, stripe.checkout, stripe.billing, stripe.billing_portal,
                    stripe.entitlements, stripe.test_helpers):  # fmt: skip
        for module in pkgutil.iter_modules(package.__path__):
            if module.name.endswith("_service"):
                name = f"{package.__name__}.{module.name}"
                found.append(__import__(name, fromlist=["_"]))
    return found


def sdk_calls() -> dict[tuple[str, str], str]:
    """Every call of the SDK's client, `(verb, path with {})`, and the name of its parameters."""
    calls = {}
    for module in _services():
        for method in METHOD.finditer(inspect.getsource(module)):
            shape = SHAPE.search(method["signature"])
            if shape:
                path = re.sub(r"\{\w+\}", "{}", method["path"])
                calls[method["verb"].upper(), path] = shape["shape"]
    return calls


def test_an_endpoint_takes_what_the_sdk_sends_there():
    sent = sdk_calls()
    assert ENDPOINTS
    for one in ENDPOINTS:
        path = re.sub(r"\{\w+\}", "{}", one.path)
        assert sent[one.method, path] == one.shape.rpartition(".")[2], f"{one.method} {path}"


REQUESTS = [
    ("CustomerCreateParams", {"email": "a@b.example", "metadata": {"a": "b"}, "balance": -5}),
    ("CustomerCreateParams", {"address": ""}),
    ("PriceCreateParams", {"currency": "eur", "recurring": {"interval": "month"}}),
    ("SubscriptionCreateParams", {"customer": "cus_1", "items": [{"price": "p", "quantity": 2}]}),
    ("SubscriptionUpdateParams", {"trial_end": "now", "cancel_at_period_end": True}),
    ("PaymentIntentCreateParams", {"amount": 1, "currency": "eur", "off_session": True}),
    ("checkout.SessionCreateParams", {"mode": "payment", "line_items": [{"price": "p"}]}),
]
WRONG = [
    ("CustomerCreateParams", {"emial": "a@b.example"}),
    ("PriceCreateParams", {"recurring": {"interval": "month"}}),
    ("PaymentIntentCreateParams", {"amount": "much", "currency": "eur"}),
    ("SubscriptionCreateParams", {"customer": "c", "items": [{"prize": "p"}]}),
]


STRICT = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


def by_pydantic(name: str, values: dict[str, Any]) -> Any:
    """pydantic's own reading of the SDK's TypedDict, which refuses every other key."""
    shape = shapes.shape_named(name)
    fields = {
        key: Required[hint] if key in shape.__required_keys__ else NotRequired[hint]
        for key, hint in shapes.fields(shape).items()
    }
    whole = TypedDict("whole", fields)
    _forbid(whole)
    return TypeAdapter(whole).validate_python(values)


def _forbid(hint: Any) -> None:
    """Every dictionary in it takes its own keys only."""
    if is_typeddict(hint) and not hasattr(hint, "__pydantic_config__"):
        hint.__pydantic_config__ = STRICT
        for inner in shapes.fields(hint).values():
            _forbid(inner)
    for inner in typing.get_args(hint):
        _forbid(inner)


def encoded(values: Any) -> Any:
    """As a form has it: text, and dictionaries of indexes."""
    if isinstance(values, dict):
        return {key: encoded(one) for key, one in values.items()}
    if isinstance(values, list):
        return {str(place): encoded(one) for place, one in enumerate(values)}
    return str(values).lower() if isinstance(values, bool) else str(values)


@pytest.mark.parametrize(("name", "values"), REQUESTS)
def test_a_request_is_read_as_it_was_meant(name, values):
    assert shapes.read(encoded(values), shapes.shape_named(name)) == by_pydantic(name, values)


@pytest.mark.parametrize(("name", "values"), WRONG)
def test_a_request_that_no_sdk_sends_is_refused(name, values):
    with pytest.raises(StripeError):
        shapes.read(encoded(values), shapes.shape_named(name))
    with pytest.raises(ValidationError):
        by_pydantic(name, values)


def test_the_comparison_of_answers_sees_what_is_wrong():
    good = {"id": "txi_1", "object": "tax_id", "created": 1, "livemode": False, "type": "eu_vat",
            "value": "DE123456789"}  # fmt: skip
    assert misfits(good) == []
    assert misfits({**good, "colour": "red"}) == ["tax_id.colour: unknown"]
    assert misfits({key: one for key, one in good.items() if key != "value"}) == [
        "tax_id.value: missing"
    ]
    assert misfits({**good, "created": "1"})
    assert misfits({**good, "verification": {"status": "perhaps"}})
