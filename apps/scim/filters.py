"""Filters (RFC 7644 section 3.4.2.2): over rows as a `Q`, over one value of a list in Python.

`scim2-filter-parser` reads the text. What it lets pass in silence, an attribute nobody knows, is
refused here: a filter that is not understood must not find more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import QuerySet, Value
from scim2_filter_parser import ast
from scim2_filter_parser.lexer import SCIMLexer
from scim2_filter_parser.parser import SCIMParser, SCIMParserError
from scim2_filter_parser.transpilers.django_q_object import Transpiler

from apps.scim.errors import ScimError, invalid_filter

LONGEST: Final = 1000
Path = tuple[str, str | None, str | None]
META: Final[dict[Path, str]] = {
    ("id", None, None): "id",
    ("externalId", None, None): "external_id",
    ("meta", "created", None): "created_at",
    ("meta", "lastModified", None): "updated_at",
}
USER: Final = {
    **META,
    ("userName", None, None): "user_name",
    ("displayName", None, None): "display_name",
    ("name", "givenName", None): "given_name",
    ("name", "familyName", None): "family_name",
    ("emails", None, None): "email",
    ("emails", "value", None): "email",
    ("emails", "type", None): "email_type",
    ("active", None, None): "active",
}
GROUP: Final = {
    **META,
    ("displayName", None, None): "display_name",
    ("members", None, None): "members__id",
    ("members", "value", None): "members__id",
}
OPERATORS: Final[dict[str, Callable[[str, str], bool]]] = {
    "eq": lambda have, want: have == want,
    "ne": lambda have, want: have != want,
    "co": lambda have, want: want in have,
    "sw": lambda have, want: have.startswith(want),
    "ew": lambda have, want: have.endswith(want),
}


class _Strict(Transpiler):  # type: ignore[misc]
    def visit_AttrExpr(self, node: Any) -> Any:  # noqa: N802 -- the library's name
        if str(node.attr_path.attr_name).lower() == "active" and node.comp_value:
            node.comp_value.value = str(node.comp_value.value).lower()
            if node.comp_value.value not in {"true", "false"}:
                raise invalid_filter("active is true or false.")
        return super().visit_AttrExpr(node)

    def visit_AttrPath(self, node: Any) -> Any:  # noqa: N802 -- the library's name
        node.uri = None  # the schema's own name in front changes nothing
        found = super().visit_AttrPath(node)
        if found is None:
            raise invalid_filter(f"{node.attr_name} cannot be filtered on here.")
        return found


def apply(rows: QuerySet[Any], text: str, attributes: Mapping[Path, str]) -> QuerySet[Any]:
    """The rows that a filter finds. Raises `ScimError` (invalidFilter)."""
    if not text:
        return rows
    condition = _understood(lambda: _Strict(attributes).transpile(_parse(text)))
    if attributes is USER:
        rows = rows.annotate(email_type=Value("work"))
    try:
        return rows.filter(condition)
    except (ValidationError, ValueError, TypeError):
        # An id that is no UUID is nobody's.
        if "id" in str(condition):
            return rows.none()
        raise invalid_filter(f"The filter {text!r} compares what cannot be compared.") from None


def picks(text: str) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a complex value is meant by what stands in a path's brackets."""
    tree = _understood(lambda: _parse(text))
    return lambda value: _matches(tree, {k.lower(): v for k, v in value.items()})


def _matches(node: Any, value: Mapping[str, Any]) -> bool:
    if isinstance(node, ast.Filter):
        return _matches(node.expr, value) is not bool(node.negated)
    if isinstance(node, ast.LogExpr):
        sides = (_matches(side, value) for side in (node.expr1, node.expr2))
        return all(sides) if node.op.lower() == "and" else any(sides)
    if not isinstance(node, ast.AttrExpr):
        raise invalid_filter("This cannot stand in the brackets of a path.")
    have = value.get(str(node.attr_path.attr_name).lower())
    if node.value.lower() == "pr":
        return have not in (None, "")
    compare = OPERATORS.get(node.value.lower())
    if compare is None:
        raise invalid_filter(f"{node.value} cannot be used in the brackets of a path.")
    return compare(str(have or "").lower(), str(node.comp_value.value).lower())


def _parse(text: str) -> Any:
    if len(text) > LONGEST or "\x00" in text:
        raise invalid_filter(f"A filter has at most {LONGEST} characters.")
    return SCIMParser().parse(SCIMLexer().tokenize(text))


def _understood(read: Callable[[], Any]) -> Any:
    try:
        found = read()
    except ScimError:
        raise
    except (SCIMParserError, ValueError, TypeError, AttributeError, IndexError, KeyError) as error:
        raise invalid_filter(f"The filter is not understood: {error}"[:300]) from error
    except NotImplementedError as error:
        raise invalid_filter("Filters this deep are not understood.") from error
    if found is None or isinstance(found, tuple):
        raise invalid_filter("The filter is not understood.")
    return found
