"""An example for each body and each parameter, put together from the schema and `values`.

What a view gives with `extend_schema(examples=…)` stays. A test holds every example against its
schema, so that none can be wrong.
"""

from __future__ import annotations

from typing import Any

from apps.gateway.openapi.values import VALUES

DEEPEST = 6
BY_FORMAT: dict[str, Any] = {
    "uuid": "0198f2a4-6c1e-7d3a-9b52-3f1c7a5e8d21",
    "date-time": "2026-11-26T09:30:00Z",
    "date": "2026-11-26",
    "uri": "https://lincoln.example.com/api/v1/",
    "email": "olivia@lincoln.example",
    "binary": "(the file)",
}
BY_TYPE: dict[str, Any] = {"integer": 1, "number": 1.0, "boolean": True, "string": "text"}


def describe(result: dict[str, Any]) -> None:
    maker = Maker(result["components"].get("schemas", {}))
    for methods in result["paths"].values():
        for operation in methods.values():
            _fill_parameters(operation, maker)
            _fill(operation.get("requestBody", {}), maker, "Request")
            for status, answer in operation["responses"].items():
                if status.startswith("2"):
                    _fill(answer, maker, "Answer")


def _fill_parameters(operation: dict[str, Any], maker: Maker) -> None:
    """Where one has to be sent; of others the description is enough."""
    for parameter in operation.get("parameters", []):
        if parameter.get("required") and not {"example", "examples"} & set(parameter):
            whose = operation["operationId"].partition("_")[0]
            parameter["example"] = maker.of(parameter["schema"], (whose, parameter["name"]))


def _fill(place: dict[str, Any], maker: Maker, title: str) -> None:
    for media_type, content in place.get("content", {}).items():
        written = "json" in media_type or "form" in media_type
        if written and content.get("schema") and not {"example", "examples"} & set(content):
            content["examples"] = {title: {"value": maker.of(content["schema"])}}


class Maker:
    """Makes examples of schemas that may refer to `components`."""

    def __init__(self, components: dict[str, Any]) -> None:
        self._components = components

    def of(self, schema: dict[str, Any], where: tuple[str, str] = ("", ""), depth: int = 0) -> Any:
        """`where`: the component and the field it is wanted for."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            whole = self._components[name]
            return self.of(whole, (name, "") if "properties" in whole else where, depth)
        for several in ("allOf", "oneOf", "anyOf"):
            if several in schema:
                return self.of(_first(schema[several]), where, depth)
        known = self._known(schema, where)
        if known is not None:
            return known
        kind = _kind(schema)
        if kind == "object" or "properties" in schema:
            return self._object(schema, where[0], depth)
        if kind == "array":
            return [] if depth > DEEPEST else [self.of(schema["items"], where, depth + 1)]
        return _simple(schema, kind)

    def _known(self, schema: dict[str, Any], where: tuple[str, str]) -> Any:
        for name in (".".join(where), where[1]):
            if where[1] and name in VALUES and _fits(VALUES[name], schema):
                return VALUES[name]
        for given in ("example", "const", "default"):
            if schema.get(given) not in (None, ""):
                return schema[given]
        return None

    def _object(self, schema: dict[str, Any], component: str, depth: int) -> dict[str, Any]:
        return {
            name: self.of(inner, (component, name), depth + 1)
            for name, inner in schema.get("properties", {}).items()
        }


def _first(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    """The first that says something: not null, not the blank of an optional choice."""
    telling = [s for s in schemas if s.get("type") != "null" and "Blank" not in str(s)]
    return (telling or schemas)[0]


def _kind(schema: dict[str, Any]) -> str:
    kinds = schema.get("type", "")
    if isinstance(kinds, list):
        return str(next((kind for kind in kinds if kind != "null"), ""))
    return str(kinds)


def _fits(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value known by its field's name alone can be meant."""
    if "enum" in schema:
        return value in schema["enum"]
    kinds = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}
    wanted = kinds.get(_kind(schema))
    right = wanted is None or type(value) is wanted
    return right and schema.get("format") in {None, "int64", "uri"}


def _simple(schema: dict[str, Any], kind: str) -> Any:
    if "enum" in schema:
        return next(value for value in schema["enum"] if value not in ("", None))
    if schema.get("format") in BY_FORMAT:
        return BY_FORMAT[schema["format"]]
    if "[0-9a-f]{8}" in schema.get("pattern", ""):
        return BY_FORMAT["uuid"]
    if schema.get("pattern", "").startswith("^\\d"):
        return "4"
    if "minimum" in schema:
        return schema["minimum"]
    return BY_TYPE.get(kind, {})
