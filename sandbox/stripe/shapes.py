"""Text of a form into values, held against a TypedDict of the SDK's `stripe.params`.

What the SDK cannot send is refused as Stripe refuses it: unknown, missing or wrong parameters,
each by its whole name (`items[0][quantity]`).
"""

from __future__ import annotations

import functools
import types
import typing
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, Union

import stripe
from stripe._request_options import RequestOptions
from typing_extensions import is_typeddict

from sandbox.stripe.errors import StripeError, required, unknown

OF_THE_CLIENT = frozenset(RequestOptions.__annotations__)
ALLOWED_EVERYWHERE = {"expand": list[str]}
NUMBERS: dict[Any, Any] = {int: int, float: float, Decimal: Decimal}
NOTHING = object()
FEW = 2  # two literals beside `str` are an enumeration that may grow; one is a special value


@functools.cache
def shape_named(name: str) -> Any:
    """`checkout.SessionCreateParams` below `stripe.params`."""
    found: Any = stripe.params
    for part in name.split("."):
        found = getattr(found, part)
    return found


@functools.cache
def fields(shape: Any) -> dict[str, Any]:
    own = {name: hint for name, hint in shape.__annotations__.items() if name not in OF_THE_CLIENT}
    # Alone, because the options of a client are written in terms of modules they do not import.
    holder = type(shape.__name__, (), {"__annotations__": own, "__module__": shape.__module__})
    return typing.get_type_hints(holder)


def read(form: Any, shape: Any, name: str = "") -> dict[str, Any]:
    """All of a request. Raises `StripeError` naming the first parameter that does not fit."""
    known = fields(shape) if name else ALLOWED_EVERYWHERE | fields(shape)
    values = {}
    for key, value in form.items():
        whole = f"{name}[{key}]" if name else key
        if key not in known:
            raise unknown(whole)
        values[key] = _value(value, known[key], whole)
    for key in sorted(shape.__required_keys__ - OF_THE_CLIENT):
        if key not in values:
            raise required(f"{name}[{key}]" if name else key)
    return values


def _value(value: Any, hint: Any, name: str) -> Any:
    options = _options(hint)
    if value == "" and "" in _literals(options):
        return ""
    found = _nested(value, options, name) if isinstance(value, dict) else _scalar(value, options)
    if found is NOTHING:
        raise _misfit(value, options, name)
    return found


def _options(hint: Any) -> list[Any]:
    if typing.get_origin(hint) in (Union, types.UnionType):
        return [option for part in typing.get_args(hint) for option in _options(part)]
    return [hint]


def _literals(options: list[Any]) -> list[Any]:
    found = [typing.get_args(one) for one in options if typing.get_origin(one) is Literal]
    return [literal for literals in found for literal in literals]


def _nested(value: dict[str, Any], options: list[Any], name: str) -> Any:
    for option in options:
        if is_typeddict(option):
            return read(value, option, name)
        origin, inner = typing.get_origin(option), typing.get_args(option)
        if origin is list:
            return _list(value, inner[0], name)
        if origin is dict:
            return {key: _value(one, inner[1], f"{name}[{key}]") for key, one in value.items()}
    return NOTHING


def _list(value: dict[str, Any], hint: Any, name: str) -> list[Any]:
    if not all(key.isdigit() for key in value):
        raise StripeError("Invalid array", param=name)
    return [_value(value[key], hint, f"{name}[{key}]") for key in sorted(value, key=int)]


def _scalar(value: str, options: list[Any]) -> Any:
    if value in _literals(options):
        return value
    for option in options:
        found = _number_or_bool(value, option)
        if found is not NOTHING:
            return found
    if Any in options:
        return value
    is_free = str in options and len([one for one in _literals(options) if one]) < FEW
    return value if is_free else NOTHING


def _number_or_bool(value: str, option: Any) -> Any:
    if option is bool:
        return {"true": True, "false": False}.get(value, NOTHING)
    if option in NUMBERS:
        try:
            return NUMBERS[option](value)
        except (ValueError, InvalidOperation):
            return NOTHING
    return NOTHING


def _misfit(value: Any, options: list[Any], name: str) -> StripeError:
    literals = [str(literal) for literal in _literals(options) if literal]
    if int in options:
        return StripeError(
            f"Invalid integer: {value}", code="parameter_invalid_integer", param=name
        )
    if value == "":
        text = f"You passed an empty string for '{name}'."
        return StripeError(text, code="parameter_invalid_empty", param=name)
    if literals:
        text = f"Invalid {name}: must be one of {', '.join(literals)}"
        return StripeError(text, param=name)
    expected = next((word for kind, word in WORDS.items() if kind in options), "object")
    return StripeError(f"Invalid {expected}: {value}", param=name)


WORDS = {bool: "boolean", float: "number", Decimal: "decimal", str: "string"}
