"""What DRF's serializers let pass and the API does not: unknown names, and in JSON a value of
another type than the field's (`"12"` for a number, `1` for true).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.http import QueryDict
from rest_framework import serializers
from rest_framework.request import Request

from apps.rest.input_errors import InputError, InputRefused, Path, in_body, of_serializer

# The first that fits counts, so a class stands before the one it inherits from.
TYPES: Final[tuple[tuple[type[Any], tuple[type, ...], str], ...]] = (
    (serializers.BooleanField, (bool,), "true or false"),
    (serializers.IntegerField, (int,), "a whole number, without quotes"),
    (serializers.FloatField, (int, float), "a number, without quotes"),
    (serializers.DecimalField, (int, float, str), "a number"),
    (serializers.MultipleChoiceField, (list,), "a list"),
    (serializers.CharField, (str,), "text, in quotes"),
    (serializers.UUIDField, (str,), "text, in quotes"),
    (serializers.DateField, (str,), "a date as text, such as 2026-09-01"),
    (serializers.DateTimeField, (str,), "a time as text, such as 2026-09-01T08:00:00Z"),
)


class Nothing(serializers.Serializer[Any]):
    """The shape of a request without a body."""


def parsed(shape: type[serializers.BaseSerializer[Any]], request: Request) -> dict[str, Any]:
    """What the request's body says, in this shape. Raises `InputRefused` with every error."""
    form = shape(data=request.data)
    found = list(unfitting(form, request.data))
    if not form.is_valid():
        told = {error.place for error in found}
        found += [error for error in of_serializer(form.errors) if error.place not in told]
    if found:
        raise InputRefused(found)
    return dict(form.validated_data)


def unfitting(field: Any, value: Any, path: Path = ()) -> Iterator[InputError]:
    """The unknown and the mistyped below this field."""
    if isinstance(value, QueryDict):
        yield from _in_form(field, value)
    elif isinstance(field, serializers.Serializer) and isinstance(value, Mapping):
        yield from _in_object(field, value, path)
    elif isinstance(field, serializers.ListField | serializers.ListSerializer):
        if isinstance(value, list):
            for number, item in enumerate(value):
                yield from unfitting(field.child, item, (*path, number))
    elif isinstance(field, serializers.DictField):
        if isinstance(value, Mapping):
            for name, item in value.items():
                yield from unfitting(field.child, item, (*path, name))
    elif value is not None:
        yield from _mistyped(field, value, path)


def _in_object(
    shape: serializers.Serializer[Any], value: Mapping[str, Any], path: Path
) -> Iterator[InputError]:
    known = {name: field for name, field in shape.fields.items() if not field.read_only}
    for name, item in value.items():
        if name in known:
            yield from unfitting(known[name], item, (*path, name))
        else:
            yield _unknown((*path, name), shape)


def _in_form(shape: Any, form: QueryDict) -> Iterator[InputError]:
    """A form's values are all text; its names are looked at."""
    for name, values in form.lists():
        field = shape.fields.get(name)
        if field is None or field.read_only:
            yield _unknown((name,), shape)
        elif len(values) > 1 and not isinstance(field, serializers.ListField):
            yield in_body((name,), "duplicate_member", "This name stands here more than once.")


def _unknown(path: Path, shape: serializers.Serializer[Any]) -> InputError:
    names = [name for name, field in shape.fields.items() if not field.read_only]
    known = f"It takes: {', '.join(names)}." if names else "It takes nothing."
    return in_body(path, "unknown_field", f"There is no such field here. {known}")


def _mistyped(field: Any, value: Any, path: Path) -> Iterator[InputError]:
    for kind, types, words in TYPES:
        if isinstance(field, kind):
            fits = isinstance(value, types) and (bool in types or not isinstance(value, bool))
            if not fits:
                yield in_body(path, "wrong_type", f"This must be {words}.")
            return
