"""Rules about code that comes from elsewhere."""

from __future__ import annotations

import re

from tree_sitter import Node

from .folding import strip
from .script import Script
from .values import Symbol, Value

ASSET_ID = re.compile(rb"(?:rbxassetid://|https?://\S*[?&]id=)?\s*(\d{3,})")
LONGEST_ASSET_ID = 200
CALLERS = frozenset({"pcall", "xpcall", "task.spawn", "task.defer", "task.delay", "spawn", "delay"})
COMPUTED = frozenset({"binary_expression", "unary_expression", "string", "number"})
COMPUTING = ("string.", "math.", "bit32.", "table.", "utf8.")
CONVERSIONS = frozenset({"tonumber", "tostring", "environment"})
DOWNLOADS = frozenset({"GetAsync", "HttpGet", "HttpGetAsync", "RequestAsync", "PostAsync"})
INSERTING = frozenset({"LoadAsset", "LoadAssetVersion", "LoadAssetAsync", "LoadAssetWithFormat"})
ENVIRONMENT = frozenset({b"getfenv", b"setfenv"})


def check(script: Script) -> None:
    for call in script.syntax.each(script.syntax.calls):
        callee = script.folder.callee(call)
        arguments = script.folder.arguments(call)
        if isinstance(callee, Symbol):
            _check_call(script, call, callee, arguments)
        if script.folder.method(call) in INSERTING:
            script.add("insert-asset", f"Calls {script.folder.method(call)}", call)
    _check_names(script)


def _check_call(script: Script, call: Node, callee: Symbol, arguments: list[Node]) -> None:
    name = callee.name
    if name == "require" and arguments:
        _check_require(script, call, arguments[0])
    elif name in CALLERS:
        _check_passed_on(script, call, arguments)
    elif name == "loadstring":
        _check_loadstring(script, call, arguments)
    elif name.encode() in ENVIRONMENT:
        script.add("environment-access", f"Calls {name}", call)
    elif name in ("game:GetObjects", "Game:GetObjects"):
        script.add("insert-asset", "Calls GetObjects", call)


def asset_id(value: Value) -> int | None:
    """The asset a value names when it is passed to `require`."""
    if isinstance(value, float) and value.is_integer() and value > 0:
        return int(value)
    if not isinstance(value, bytes) or len(value) > LONGEST_ASSET_ID:
        return None
    match = ASSET_ID.fullmatch(value.strip())
    return int(match[1]) if match else None


def _check_require(script: Script, call: Node, argument: Node) -> None:
    for value in script.folder.options(argument):
        found = asset_id(value)
        if found is not None:
            script.add("require-asset-id", f"Requires asset {found}", call)
            return
    if _is_computed(script, argument):
        script.add("require-computed", "Requires the result of a computation", call)


def _is_computed(script: Script, argument: Node) -> bool:
    node = strip(argument)
    if node is None:
        return False
    if node.type == "function_call":
        callee = script.folder.callee(node)
        return isinstance(callee, Symbol) and (
            callee.name in CONVERSIONS or callee.name.startswith(COMPUTING)
        )
    # A string is the path of a module ("./Quiz", "@game/..."): not computed.
    return node.type in COMPUTED - {"string"}


def _check_passed_on(script: Script, call: Node, arguments: list[Node]) -> None:
    """`pcall(require, 1234)` and its like."""
    for number, argument in enumerate(arguments):
        value = script.folder.fold(argument)
        if value == Symbol("require"):
            for rest in arguments[number + 1 :]:
                _check_require(script, call, rest)
        elif value == Symbol("loadstring"):
            _check_loadstring(script, call, arguments[number + 1 :])


def _check_loadstring(script: Script, call: Node, arguments: list[Node]) -> None:
    text = script.syntax.text(arguments[0]) if arguments else b""
    if any(name.encode() in text for name in DOWNLOADS) or _is_downloaded(script, arguments):
        script.add("loadstring-download", "Passes downloaded text to loadstring", call)
    else:
        script.add("loadstring", "Calls loadstring", call)


def _is_downloaded(script: Script, arguments: list[Node]) -> bool:
    """The argument is a name that some download was bound to."""
    node = strip(arguments[0]) if arguments else None
    if node is None or node.type != "identifier":
        return False
    bound = script.folder.bindings.values(script.syntax.text(node))
    texts = [script.syntax.text(value) for value in bound if value is not None]
    return any(name.encode() in text for text in texts for name in DOWNLOADS)


def _check_names(script: Script) -> None:
    """Dangerous globals passed around instead of called."""
    called = {
        callee.start_byte
        for call in script.syntax.calls
        if (callee := call.child_by_field_name("name")) is not None
    }
    for node in script.syntax.each(script.syntax.watched):
        name = script.syntax.text(node)
        if node.start_byte not in called:
            rule = "environment-access" if name in ENVIRONMENT else "loadstring"
            script.add(rule, f"Uses {name.decode()}", node)
