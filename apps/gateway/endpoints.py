"""Every address of the product, and who gets in: read from the URLs and what views declare.

A page of a workspace declares its permission with `workspace_page`, a view of the API with
`required_permissions`. Whatever is neither stands in `gateway.doors`. The matrix test and
docs/permissions.md are made of this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, product, zip_longest
from typing import Any, Final

from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve

from apps.gateway import doors
from apps.tenants.permissions import PROVEN

HOSTS: Final = {"workspace": "config.urls_workspace", "public": "config.urls_public"}
# What stands for a part of an address; no row has it.
EXAMPLES: Final = ("01a20000-0000-7000-8000-000000000000", "7", "x", "0a7d5a")
METHODS: Final = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Endpoint:
    """`needs`: by method it answers to, what that takes: a permission's name or a `Door`.
    `proven`: the methods that ask people for a recent proof of who they are. `is_personal`: about
    one's own account or membership, so that nobody else does it in one's name.
    """

    host: str
    route: str
    address: str
    needs: Mapping[str, str]
    is_api: bool
    proven: frozenset[str]
    is_personal: bool

    @property
    def is_declared(self) -> bool:
        return bool(self.needs)


def every() -> list[Endpoint]:
    """All of them, in the order of their addresses."""
    found = [
        _endpoint(host, route, pattern)
        for host, urlconf in HOSTS.items()
        for route, pattern in _walk(get_resolver(urlconf).url_patterns)
    ]
    return sorted(found, key=lambda one: (one.host, one.route))


def _endpoint(host: str, route: str, pattern: URLPattern) -> Endpoint:
    is_api = hasattr(pattern.callback, "cls")
    needs = _declared(pattern.callback) or _door(pattern.callback, host, route)
    proven = frozenset(method for method in needs if is_proven(pattern.callback, method))
    example = _example(host, route, pattern)
    return Endpoint(
        host, route, example, needs, is_api, proven, is_personal=is_personal(pattern.callback)
    )


def is_personal(view: Any) -> bool:
    """Marked as about one's own account or membership, whatever permission it takes."""
    return bool(
        vars(view).get("personal") or getattr(getattr(view, "cls", None), "personal", False)
    )


def is_proven(view: Any, method: str) -> bool:
    """Whether the page or the API's action behind `method` asks people who they are."""
    about = vars(view)
    if "permission" in about:
        return bool(about["proven"]) and method == "post"
    cls = getattr(view, "cls", None)
    action = (getattr(view, "actions", None) or {}).get(method, method)
    needed = getattr(cls, "required_permissions", {}).get(action)
    return (method != "get" and needed in PROVEN) or action in getattr(cls, "proven", ())


def _declared(view: Any) -> dict[str, str]:
    about = vars(view)
    if permission := about.get("permission"):
        needs = {"get": permission, "post": about["post_permission"]}
        return {method: needs[method] for method in _methods(view) if method in needs}
    needed = getattr(getattr(view, "cls", None), "required_permissions", None)
    if needed is None:
        return {}
    actions = getattr(view, "actions", None) or {method: method for method in METHODS}
    return {m: needed[actions[m]] for m in METHODS if actions.get(m) in needed}


def _methods(view: Any) -> tuple[str, ...]:
    """The methods a page or an address of allauth answers to, which only its decorator
    (`require_http_methods`) or its class knows. Pages know GET and POST only.
    """
    if cls := getattr(view, "view_class", None):
        own = tuple(method for method in METHODS if hasattr(cls, method))
        return own or METHODS  # without any, all of them get the same answer
    while view is not None:
        code = getattr(view, "__code__", None)
        held = dict(zip(code.co_freevars, view.__closure__ or (), strict=False)) if code else {}
        if "request_method_list" in held:
            known = held["request_method_list"].cell_contents
            return tuple(m for m in METHODS if m.upper() in known)
        view = getattr(view, "__wrapped__", None)
    return ("get", "post")


def _door(view: Any, host: str, route: str) -> dict[str, str]:
    door = doors.find(host, route)
    if door is None:
        return {}
    known = getattr(view, "actions", None) or _methods(view)
    # accounts.middleware lets nothing else through; DRF adds `head` with the first request.
    possible = ("get", "post") if route.startswith("accounts/") else METHODS
    return {method: door for method in possible if method in known}


def _walk(patterns: Any, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        route = prefix + _readable(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route, pattern


def _readable(part: str) -> str:
    """A part of an address as people write it, also where it is a regular expression."""
    part = part.removeprefix("^").removesuffix("$").removesuffix("\\Z")
    part = re.sub(r"\(\?P<version>v1\)", "v1", part)
    return re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"<\1>", part).replace("\\", "")


def _example(host: str, route: str, pattern: URLPattern) -> str:
    """An address that leads there, to rows that do not exist."""
    parts = re.split(r"<(?:\w+:)?(\w+)>", route)
    address = ""
    for values in product(EXAMPLES, repeat=len(parts) // 2):
        address = "/" + "".join(chain(*zip_longest(parts[::2], values, fillvalue="")))
        with suppress(Resolver404):
            if resolve(address, urlconf=HOSTS[host]).func is pattern.callback:
                break
    return address
