"""Older versions of the API, and what is going to end.

The code speaks the newest version only. What a version changed is declared once, as a `Change`:
a request of an older version is made newer before the action sees it, and the answer older before
the caller does. docs/runbooks/api-versions.md shows how to make one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar

from django.conf import settings
from django.utils.http import http_date
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.versioning import URLPathVersioning

Shape = type[serializers.BaseSerializer[Any]]
S = TypeVar("S", bound=Shape)


class PathVersioning(URLPathVersioning):
    """`/api/v1/`; the versions there are, oldest first, are in the setting `API_VERSIONS`."""

    @property
    def allowed_versions(self) -> list[str]:  # type: ignore[override]
        return list(settings.API_VERSIONS)


@dataclass(frozen=True)
class Deprecation:
    """That something is going to end: announced `since`, gone at `sunset`. `see` is the address
    of a page that says what to use instead.
    """

    since: datetime
    sunset: datetime | None = None
    see: str = ""

    def headers(self) -> dict[str, str]:
        """`Deprecation` (RFC 9745), `Sunset` (RFC 8594) and a link to the page."""
        found = {"Deprecation": f"@{int(self.since.astimezone(UTC).timestamp())}"}
        if self.sunset:
            found["Sunset"] = http_date(self.sunset.timestamp())
        if self.see:
            found["Link"] = f'<{self.see}>; rel="deprecation"; type="text/html"'
        return found


class Change:
    """What one version changed of one resource.

    `since` is the version that brought it. `shapes` maps the shape it has now to the one it had
    before, for bodies and answers alike. `request` makes a valid older body (Python values) a
    newer one; `response` makes a newer resource (JSON values) an older one.
    """

    since: ClassVar[str]
    shapes: ClassVar[Mapping[Shape, Shape]] = {}

    def request(self, given: dict[str, Any]) -> dict[str, Any]:
        return given

    def response(self, resource: dict[str, Any]) -> dict[str, Any]:
        return resource


def between(version: str | None, changes: tuple[type[Change], ...]) -> list[Change]:
    """The changes that came after `version`, oldest first."""
    known = list(settings.API_VERSIONS)
    if version not in known:
        return []
    own = known.index(version)
    later = [change() for change in changes if known.index(change.since) > own]
    return sorted(later, key=lambda change: known.index(change.since))


def shape_at(shape: Shape, changes: list[Change]) -> Shape:
    """What `shape` looked like before these changes."""
    for change in reversed(changes):
        shape = change.shapes.get(shape, shape)
    return shape


def newer(given: dict[str, Any], changes: list[Change]) -> dict[str, Any]:
    for change in changes:
        given = change.request(given)
    return given


def older(data: Any, changes: list[Change]) -> Any:
    """An answer, be it one resource or a page of them, as it was before these changes."""
    if not changes or not isinstance(data, dict):
        return data
    if isinstance(data.get("results"), list) and "next" in data:
        return {**data, "results": [older(resource, changes) for resource in data["results"]]}
    for change in reversed(changes):
        data = change.response(dict(data))
    return data


def deprecated_fields(**by_name: Deprecation) -> Callable[[S], S]:
    """Class decorator of a body's shape: these fields are going to end. Who sends one is told so
    in the headers, and the OpenAPI document marks them.
    """

    def decorate(shape: S) -> S:
        shape.deprecated_fields = by_name  # type: ignore[attr-defined]
        marked: S = extend_schema_serializer(deprecate_fields=list(by_name))(shape)
        return marked

    return decorate


def deprecations_of(view: Any, request: Any) -> list[Deprecation]:
    """What this request used that is going to end: its version, its action, its fields."""
    version = settings.API_DEPRECATED_VERSIONS.get(getattr(request, "version", None) or "")
    found = [version, view.deprecated.get(view.act)]
    fields = getattr(view.inputs.get(view.act), "deprecated_fields", {})
    if fields and isinstance(getattr(request, "_full_data", None), Mapping):
        found += [fields[name] for name in fields if name in request.data]
    return [one for one in found if one is not None]


def headers_of(deprecations: list[Deprecation]) -> dict[str, str]:
    """Those of whatever ends first."""
    if not deprecations:
        return {}
    last = datetime.max.replace(tzinfo=UTC)
    return min(deprecations, key=lambda one: one.sunset or last).headers()
