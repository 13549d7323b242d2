"""Query parameters: only known ones, with values that mean something; `?fields=` selects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from apps.rest.input_errors import InputError, in_query, of_query
from apps.rest.versions import shape_at

FIELDS = "fields"
Tree = dict[str, "Tree"]


def errors_in(view: Any, request: Request) -> list[InputError]:
    """What is wrong with the query; fills `view.query` from the shape it declares."""
    query = request.query_params
    known = known_to(view, request)
    found = [_unknown(name, known) for name in query if name not in known]
    found += [
        in_query(name, "duplicate_member", "This parameter stands here more than once.")
        for name, values in query.lists()
        if len(values) > 1
    ]
    found += [
        in_query(name, "unstorable_characters", "This holds a NUL, which no text has.")
        for name in query
        if "\x00" in query[name]
    ]
    if not found:
        for check in (_own, _page, _filters, _fields):
            found += check(view, request)
    return found


def known_to(view: Any, request: Request) -> dict[str, Any]:
    """The parameters this action takes."""
    known = dict.fromkeys(_shape_fields(view))
    if request.method not in {"GET", "HEAD"}:
        return known
    if takes_fields(view):
        known[FIELDS] = None
    if is_list(view):
        known |= dict.fromkeys(view.paginator.parameters(view))
        known |= dict.fromkeys(
            _filterset_class(view).base_filters if _filterset_class(view) else ()
        )
    return known


def filters_in(view: Any) -> bool:
    """Whether the query names any of the view's filters."""
    filters = getattr(_filterset_class(view), "base_filters", {})
    return any(name in filters for name in view.request.query_params)


def is_list(view: Any) -> bool:
    return view.act == "list" and getattr(view, "paginator", None) is not None


def takes_fields(view: Any) -> bool:
    """Whether the action answers with resources that fields can be chosen of."""
    return view.act in {"list", "retrieve"} and hasattr(view, "get_serializer_class")


def select(serializer: Any, request: Request) -> None:
    """Leave in the serializer what `?fields=` names; everything when it is left out."""
    wanted = request.query_params.get(FIELDS)
    if wanted:
        _prune(serializer, _tree(wanted))


def chosen(data: Any, request: Request) -> Any:
    """As `select`, of an answer that is made already."""
    wanted = request.query_params.get(FIELDS)
    if not wanted or request.method not in {"GET", "HEAD"}:
        return data
    if isinstance(data, dict) and "results" in data and "next" in data:
        return {**data, "results": _cut(data["results"], _tree(wanted))}
    return _cut(data, _tree(wanted))


def _cut(data: Any, tree: Tree) -> Any:
    if isinstance(data, list):
        return [_cut(item, tree) for item in data]
    if not tree or not isinstance(data, dict):
        return data
    return {name: _cut(data[name], inner) for name, inner in tree.items() if name in data}


def _own(view: Any, request: Request) -> Iterator[InputError]:
    shape = view.queries.get(view.act)
    view.query = {}
    if shape is None:
        return
    names = _shape_fields(view)
    form = shape(
        data={name: request.query_params[name] for name in request.query_params if name in names}
    )
    if form.is_valid():
        view.query = dict(form.validated_data)
    else:
        yield from of_query(form.errors)


def _page(view: Any, request: Request) -> Iterator[InputError]:
    if is_list(view) and hasattr(view.paginator, "errors_in"):
        yield from view.paginator.errors_in(request, view)


def _filters(view: Any, request: Request) -> Iterator[InputError]:
    chosen = _filterset_class(view) if is_list(view) and filters_in(view) else None
    if chosen is not None:
        form = chosen(data=request.query_params, queryset=view.get_queryset()).form
        if not form.is_valid():
            yield from of_query({name: e.as_data() for name, e in form.errors.items()})


def _fields(view: Any, request: Request) -> Iterator[InputError]:
    wanted = request.query_params.get(FIELDS)
    if wanted is None:
        return
    newest = view.get_serializer_class()
    shape = shape_at(newest, view.later_changes)(context=view.get_serializer_context())
    for path in wanted.split(","):
        yield from _check(shape, path)


def _check(shape: Any, path: str) -> Iterator[InputError]:
    node = shape
    for part in path.split("."):
        fields = _fields_of(node)
        if part not in fields:
            known = f"Choose from: {', '.join(fields)}." if fields else "It has no parts."
            yield in_query(FIELDS, "unknown_field", f"There is no field “{path[:80]}”. {known}")
            return
        node = fields[part]


def _fields_of(node: Any) -> dict[str, Any]:
    node = getattr(node, "child", node)
    return dict(node.fields) if isinstance(node, serializers.Serializer) else {}


def _tree(wanted: str) -> Tree:
    tree: Tree = {}
    for path in wanted.split(","):
        node = tree
        for part in path.split("."):
            node = node.setdefault(part, {})
    return tree


def _prune(serializer: Any, tree: Tree) -> None:
    serializer = getattr(serializer, "child", serializer)
    for name in list(serializer.fields):
        if name not in tree:
            serializer.fields.pop(name)
        elif tree[name]:
            _prune(serializer.fields[name], tree[name])


def _shape_fields(view: Any) -> list[str]:
    shape = view.queries.get(view.act)
    return list(shape().fields) if shape else []


def _filterset_class(view: Any) -> Any:
    return getattr(view, "filterset_class", None)


def _unknown(name: str, known: dict[str, Any]) -> InputError:
    names = f"Known are: {', '.join(known)}." if known else "This address takes none."
    return in_query(name[:80], "unknown_parameter", f"There is no such parameter here. {names}")
