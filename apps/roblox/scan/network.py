"""Rules about requests to the outside."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from tree_sitter import Node

from .script import Script
from .values import Symbol, Table, Value

REQUESTS = frozenset(
    {"GetAsync", "PostAsync", "RequestAsync", "HttpGet", "HttpGetAsync", "HttpPost"}
)
# Only HttpService and the data model have these.
UNMISTAKABLE = frozenset({"RequestAsync", "HttpGet", "HttpGetAsync", "HttpPost"})
WEBHOOK = re.compile(
    rb"/api/(?:v\d+/)?webhooks/"
    rb"|api\.telegram\.org/bot|hooks\.slack\.com|webhook\.site|pipedream\.net|requestbin|ngrok"
    rb"|hooks\.hyra\.io|webhook\.lewisakura\.moe|webhook\.newstargeted\.com"
    rb"|pastebin\.com|paste\.ee|hastebin\.com|ghostbin\.|raw\.githubusercontent\.com|gist\.github",
    re.IGNORECASE,
)
SCHEME = re.compile(rb"^\s*(?:https?|wss?)://", re.IGNORECASE)


def check(script: Script) -> None:
    syntax = script.syntax
    for node in syntax.each([*syntax.strings, *syntax.concatenations]):
        value = script.folder.fold(node)
        if isinstance(value, bytes) and WEBHOOK.search(value):
            script.add("http-webhook", f"Names {_host(value)}", node)
    for call in syntax.each(syntax.calls):
        if script.folder.method(call) in REQUESTS:
            _check_request(script, call)


def _check_request(script: Script, call: Node) -> None:
    arguments = script.folder.arguments(call)
    addresses = _addresses(script, arguments[0]) if arguments else []
    known = [value for value in addresses if isinstance(value, bytes)]
    if not (_is_http_service(script, call) or any(map(SCHEME.match, known))):
        return
    for value in addresses:
        _report_address(script, call, value)


def _is_http_service(script: Script, call: Node) -> bool:
    """Data stores have GetAsync too; `RequestAsync` and the like are HttpService's alone."""
    if script.folder.method(call) in UNMISTAKABLE:
        return True
    callee = script.folder.callee(call)
    return isinstance(callee, Symbol) and callee.name.startswith(
        ("service:HttpService", "HttpService")
    )


def _addresses(script: Script, argument: Node) -> list[Value]:
    found: list[Value] = []
    for value in script.folder.options(argument):
        if isinstance(value, Table):
            entry = script.folder.entry(value, b"Url")
            found += script.folder.options(entry)
        else:
            found.append(value)
    return found


def _report_address(script: Script, call: Node, value: Value) -> None:
    method = script.folder.method(call)
    if not isinstance(value, bytes):
        script.add("http-unknown", f"{method} goes to an address made at run time", call)
    elif WEBHOOK.search(value):
        script.add("http-webhook", f"{method} goes to {_host(value)}", call)
    else:
        script.add("http-request", f"{method} goes to {_host(value)}", call)


def _host(address: bytes) -> str:
    """The host, or the start of the address when it has none."""
    text = address.decode("utf-8", "replace").strip()
    try:
        host = urlsplit(text).hostname
    except ValueError:
        host = None
    kept = "".join(char for char in (host or text)[:100] if char.isprintable())
    return kept or "an empty address"
