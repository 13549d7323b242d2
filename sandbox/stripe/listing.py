"""Lists by cursor, and search. https://docs.stripe.com/api/pagination."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sandbox.stripe.answers import Document, list_of
from sandbox.stripe.endpoint import Call, Handler
from sandbox.stripe.errors import StripeError, missing

DEFAULT, MOST = 10, 100
PAGING = ("limit", "starting_after", "ending_before", "expand")
COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}
Narrow = Callable[[Call, Document], bool]


def listing(kind: str, narrow: Narrow | None = None, *own: str) -> Handler:
    """All of a kind, newest first. `narrow` decides about the parameters named in `own`;
    every other filters by the field of its name.
    """

    def listed(call: Call) -> Document:
        found = call.store.select(kind, newest_first=True)
        kept = [one for one in found if not one.get("deleted") and _fits(call, one, own)]
        return page(call, [one for one in kept if narrow is None or narrow(call, one)])

    return listed


def _fits(call: Call, document: Document, own: tuple[str, ...]) -> bool:
    wanted = {k: v for k, v in call.params.items() if k not in PAGING and k not in own}
    return all(_matches(document.get(name), value) for name, value in wanted.items())


def _matches(held: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        if not wanted.keys() <= COMPARISONS.keys():
            return isinstance(held, dict) and all(
                _matches(held.get(key), value) for key, value in wanted.items()
            )
        return held is not None and all(
            COMPARISONS[name](held, bound) for name, bound in wanted.items()
        )
    if isinstance(wanted, list):
        return held in wanted
    return bool(held == wanted)


def page(call: Call, found: list[Document]) -> Document:
    """The part of a list that the cursor asks for."""
    limit = call.params.get("limit", DEFAULT)
    if not 1 <= limit <= MOST:
        text = f"Invalid integer: limit must be between 1 and {MOST}"
        raise StripeError(text, code="parameter_invalid_integer", param="limit")
    before, after = call.params.get("ending_before"), call.params.get("starting_after")
    if after:
        found = found[_place(found, after, "starting_after") + 1 :]
    if before:
        found = found[: _place(found, before, "ending_before")]
        kept = found[-limit:]
    else:
        kept = found[:limit]
    return list_of(kept, call.path) | {"has_more": len(found) > len(kept)}


def _place(found: list[Document], object_id: str, param: str) -> int:
    for place, document in enumerate(found):
        if document["id"] == object_id:
            return place
    raise missing("object", object_id, param)


CLAUSE = re.compile(
    r"""^(?P<not>-)?(?P<field>\w+)(?:\[["'](?P<key>[^"']+)["']\])?"""
    r"""(?P<sign>:|~|<=|>=|<|>)(?P<value>"[^"]*"|'[^']*'|\d+|null)$"""
)
SIGNS = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}


def searching(kind: str) -> Handler:
    """https://docs.stripe.com/search#search-query-language: clauses joined by AND, or by OR."""

    def searched(call: Call) -> Document:
        query = call.params["query"]
        if " AND " in query and " OR " in query:
            raise StripeError("You cannot combine AND and OR in a query.", param="query")
        combine = any if " OR " in query else all
        clauses = [_clause(part.strip()) for part in re.split(r"\s+(?:AND|OR)\s+", query)]
        found = call.store.select(kind, newest_first=True)
        kept = [one for one in found if not one.get("deleted")]
        kept = [one for one in kept if combine(_holds(one, clause) for clause in clauses)]
        return _search_page(call, kept)

    return searched


def _search_page(call: Call, found: list[Document]) -> Document:
    limit, start = call.params.get("limit", DEFAULT), int(call.params.get("page") or 0)
    more = len(found) > start + limit
    return {
        "object": "search_result",
        "data": found[start : start + limit],
        "has_more": more,
        "next_page": str(start + limit) if more else None,
        "url": call.path,
    }


def _clause(text: str) -> re.Match[str]:
    found = CLAUSE.match(text)
    if found is None:
        raise StripeError(f"We were unable to parse your search query: {text}", param="query")
    return found


def _holds(document: Document, clause: re.Match[str]) -> bool:
    held = document.get(clause["field"])
    if clause["key"]:
        held = (held or {}).get(clause["key"])
    return _agrees(held, clause["sign"], clause["value"].strip("\"'")) != bool(clause["not"])


def _agrees(held: Any, sign: str, value: str) -> bool:
    if value == "null":
        return held is None
    if held is None:
        return False
    if sign in SIGNS:
        return COMPARISONS[SIGNS[sign]](held, int(value))
    text = str(held).lower()
    return value.lower() in text if sign == "~" else text == value.lower()
