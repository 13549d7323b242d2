"""The fields of a serializer of models, worked out from the model once a process.

Django REST framework does so for each serializer it makes, which costs a list of rows as much as
turning them into JSON. These are for reading: a field that holds no others is shared but for whose
it is, one that does is copied whole, as declared ones always are.
"""

from __future__ import annotations

import copy
from typing import Any, Final, TypeVar

from rest_framework.fields import Field
from rest_framework.relations import ManyRelatedField
from rest_framework.serializers import BaseSerializer, ModelSerializer
from rest_framework.utils.serializer_helpers import BindingDict

S = TypeVar("S", bound=BaseSerializer[Any])
_known: Final[dict[type, dict[str, Field[Any, Any, Any, Any]]]] = {}


def with_known_fields(serializer: S) -> S:
    """The serializer, whose fields are copies of those its class has. One that makes its fields
    by itself, as by who asks, is left alone.
    """
    node: Any = getattr(serializer, "child", serializer)
    shape = type(node)
    if getattr(shape, "get_fields", None) is not ModelSerializer.get_fields:
        return serializer
    if shape not in _known:
        _known[shape] = node.get_fields()
    fields = BindingDict(node)
    for name, field in _known[shape].items():
        fields[name] = copy.deepcopy(field) if _holds_others(field) else copy.copy(field)
    node.__dict__["fields"] = fields
    return serializer


def _holds_others(field: Any) -> bool:
    return isinstance(field, BaseSerializer | ManyRelatedField) or hasattr(field, "child")
