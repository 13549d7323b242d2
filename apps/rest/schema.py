"""How the conventions of every view stand in the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from apps.rest import queries, versions
from apps.rest.idempotency import HEADER, LONGEST, WRITES
from apps.rest.strictness import Nothing

IDEMPOTENCY_KEY: Final = OpenApiParameter(
    HEADER,
    {"type": "string", "minLength": 1, "maxLength": LONGEST},
    OpenApiParameter.HEADER,
    description="Made up by you, such as a random UUID. The same request with the same key within "
    "24 hours is not carried out again but answered as the first was (`Idempotent-Replayed`).",
)
FIELDS: Final = OpenApiParameter(
    queries.FIELDS,
    OpenApiTypes.STR,
    description="Only these fields, such as `id,state,artifact.size`.",
)
IF_NONE_MATCH: Final = OpenApiParameter(
    "If-None-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The ETag that was read: 304 when nothing has changed since.",
)
ETAG: Final = OpenApiParameter(
    "ETag",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    response=[200],
    description="send it back as If-Match or If-None-Match",
)


def _if_match(*, required: bool) -> OpenApiParameter:
    return OpenApiParameter(
        "If-Match",
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        required=required,
        description="The ETag that was read: 412 when the resource has changed since. "
        "`*` for whatever is there.",
    )


def _ordering(names: tuple[str, ...]) -> OpenApiParameter:
    return OpenApiParameter(
        "ordering",
        OpenApiTypes.STR,
        enum=[way for name in names for way in (name, f"-{name}")],
        description="Least first, with a minus greatest first; newest first when left out.",
    )


class ApiSchema(AutoSchema):
    """Reads what `Conventions` declares."""

    view: Any

    def get_override_parameters(self) -> list[Any]:
        found: list[Any] = list(super().get_override_parameters())
        if not hasattr(self.view, "inputs"):
            return found
        if self.method in WRITES:
            # A key belongs to who sends it, and who signs in is nobody yet.
            found += [IDEMPOTENCY_KEY] if self.view.get_authenticators() else []
            required = self.view.act in self.view.if_match_required
            if required or getattr(self.view, "detail", False):
                found.append(_if_match(required=required))
        else:
            found.append(IF_NONE_MATCH)
        if self.method == "GET" and queries.takes_fields(self.view):
            found.append(FIELDS)
            if queries.is_list(self.view) and self.view.orderings:
                found.append(_ordering(self.view.orderings))
            if self.view.act == "retrieve":
                found.append(ETAG)
        if own := self.view.queries.get(self.view.act):
            found.append(own)
        return found

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation and self.method == "GET" and hasattr(self.view, "inputs"):
            operation["responses"]["304"] = {"description": "As it was: If-None-Match names it."}
        return operation

    def get_extensions(self) -> dict[str, Any]:
        """What an operation costs of the limits, in credits (`X-Request-Cost` in its answers), and
        whether an outside service is asked meanwhile.
        """
        costs = getattr(self.view, "request_costs", {})
        act = getattr(self.view, "act", "")
        cost = costs.get(act, 1)
        asks = {"x-asks-vendor": True} if act in getattr(self.view, "asks_vendor", ()) else {}
        return {**super().get_extensions(), "x-request-cost": cost, **asks}

    def get_request_serializer(self) -> Any:
        inputs = getattr(self.view, "inputs", {})
        action = getattr(self.view, "act", "")
        if action not in inputs:
            return super().get_request_serializer()
        shape: type[serializers.BaseSerializer[Any]] = inputs[action]
        return None if shape is Nothing else versions.shape_at(shape, self.view.later_changes)

    def get_response_serializers(self) -> Any:
        found = super().get_response_serializers()
        changes = getattr(self.view, "later_changes", [])
        return _older(found, changes) if changes else found

    def is_deprecated(self) -> bool:
        """The action, or the version that this document is of, is going to end."""
        if not hasattr(self.view, "deprecated"):
            return super().is_deprecated()
        version = getattr(self.view.request, "version", None)
        return self.view.act in self.view.deprecated or version in settings.API_DEPRECATED_VERSIONS

    def _get_filter_parameters(self) -> list[Any]:
        """A write that answers with several rows is no list to be narrowed."""
        if self.method != "GET":
            return []
        found: list[Any] = super()._get_filter_parameters()  # type: ignore[no-untyped-call]
        return found

    def _get_paginator(self) -> Any:
        if self.method != "GET":
            return None
        return super()._get_paginator()  # type: ignore[no-untyped-call]


def _older(found: Any, changes: list[versions.Change]) -> Any:
    """An answer's serializer, or a map of them by status, as before these changes."""
    if isinstance(found, dict):
        return {key: _older(one, changes) for key, one in found.items()}
    if isinstance(found, type) and issubclass(found, serializers.BaseSerializer):
        return versions.shape_at(found, changes)
    if isinstance(found, serializers.ListSerializer):
        child: Any = found.child
        return versions.shape_at(type(child), changes)(many=True)
    if isinstance(found, serializers.BaseSerializer):
        return versions.shape_at(type(found), changes)()
    return found
