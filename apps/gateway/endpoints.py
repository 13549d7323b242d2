"""Every address of the product, and who gets in: read from the URLs and what views declare.

A page of a workspace declares its permission with `workspace_page`, a view of the API with
`required_permissions`. Whatever is neither stands in `OTHERS`. The matrix test and
docs/permissions.md are made of this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, product, zip_longest
from typing import Any, Final

from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve

from apps.tenants.permissions import PROVEN

HOSTS: Final = {"workspace": "config.urls_workspace", "public": "config.urls_public"}
# What stands for a part of an address; no row has it.
EXAMPLES: Final = ("01a20000-0000-7000-8000-000000000000", "7", "x", "0a7d5a")
METHODS: Final = ("get", "post", "put", "patch", "delete")


class Door(StrEnum):
    """Who gets in where no permission of a workspace decides."""

    ANYONE = "anyone"
    PERSON = "anyone signed in"
    ACCOUNT = "signing in, and one's own account"
    PROOF = "whoever brings its own proof: a ticket, token or signature"
    OPERATOR = "operators, after their one-time code"


# By how the address begins, or what it is ("$" at its end), on the host named or on both ("");
# the longest match counts.
OTHERS: Final[Mapping[tuple[str, str], Door]] = {
    ("", "healthz"): Door.ANYONE,
    ("", "accounts/"): Door.ACCOUNT,
    ("", "_allauth/"): Door.ACCOUNT,
    ("", "realtime/"): Door.PROOF,
    ("", "help/"): Door.ANYONE,
    ("workspace", "join/"): Door.PROOF,  # pupils: class code, picture, badge
    ("workspace", "api/v1/tokens/"): Door.PROOF,
    ("workspace", "api/v1/schema/"): Door.ANYONE,
    ("workspace", "api/v1/docs/"): Door.ANYONE,
    ("workspace", "api/v1/redoc/"): Door.ANYONE,
    ("workspace", "api/v1/exports/<pk>/file/$"): Door.PROOF,
    ("workspace", "api/$"): Door.ANYONE,  # the answer to addresses that lead nowhere
    ("workspace", "branding/"): Door.ANYONE,
    ("workspace", "enter/"): Door.PROOF,
    ("workspace", "impersonation/"): Door.PROOF,
    ("workspace", "scim/"): Door.PROOF,
    ("public", "$"): Door.ANYONE,
    ("public", "metrics"): Door.PROOF,
    ("public", "apps/"): Door.PROOF,
    ("public", "docs/"): Door.ANYONE,
    ("public", "operator/"): Door.OPERATOR,
    ("public", "workspaces/"): Door.PERSON,
    ("public", "internal/tls/ask"): Door.PROOF,
    ("public", "invitations/"): Door.PROOF,
    ("public", "outbox/"): Door.ANYONE,
}


@dataclass(frozen=True)
class Endpoint:
    """`needs`: by method what it takes, a permission's name or a `Door`; a page that does not say
    so answers with 405 to the methods it does not know. `proven`: the methods that ask people for
    a recent proof of who they are.
    """

    host: str
    route: str
    address: str
    needs: Mapping[str, str]
    is_api: bool
    proven: frozenset[str]

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
    needs = _declared(pattern.callback) or _door(host, route)
    proven = frozenset(method for method in needs if is_proven(pattern.callback, method))
    return Endpoint(host, route, _example(host, route, pattern), needs, is_api, proven)


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
        return {"get": permission, "post": about.get("post_permission") or permission}
    needed = getattr(getattr(view, "cls", None), "required_permissions", None)
    if needed is None:
        return {}
    actions = getattr(view, "actions", None) or {method: method for method in METHODS}
    return {m: needed[actions[m]] for m in METHODS if actions.get(m) in needed}


def _door(host: str, route: str) -> dict[str, str]:
    fitting = [
        (len(start), door)
        for (where, start), door in OTHERS.items()
        if where in {"", host} and f"{route}$".startswith(start)
    ]
    if not fitting:
        return {}
    return dict.fromkeys(("get", "post"), max(fitting)[1])


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
