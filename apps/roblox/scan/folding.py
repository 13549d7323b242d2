"""Constant folding: what an expression is, as far as the script itself tells.

Sees through concatenation, arithmetic, `string.char`, `string.reverse`, `tonumber`, escapes,
locals, table fields, aliases of globals and `getfenv()` lookups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tree_sitter import Node

from .bindings import Bindings
from .library import FUNCTIONS, LONGEST, OPERATORS, STRING_METHODS, as_number, as_text, compute
from .literals import number, unescape
from .syntax import Syntax
from .values import UNKNOWN, Symbol, Table, Value

DEEPEST = 48
MOST_STEPS = 400_000
MOST_OPTIONS = 16
ENVIRONMENT = Symbol("environment")
# Names taken for the global even where the script binds them again.
GLOBALS = frozenset(
    {
        "game",
        "Game",
        "workspace",
        "Workspace",
        "script",
        "require",
        "loadstring",
        "getfenv",
        "setfenv",
        "pcall",
        "xpcall",
        "string",
        "table",
        "math",
        "bit32",
        "utf8",
        "tonumber",
        "tostring",
        "task",
        "coroutine",
        "spawn",
        "delay",
    }
)

FIND_SERVICE = frozenset({"GetService", "FindService", "getService", "service"})


class Folder:
    """Folds the expressions of one script; remembers what it has folded."""

    def __init__(self, syntax: Syntax) -> None:
        self.syntax = syntax
        self.bindings = Bindings(syntax)
        self.known: dict[int, Value] = {}
        self.fields: dict[int, dict[Value, Node]] = {}
        self.busy: set[bytes] = set()
        self.steps = 0
        self.depth = 0
        self.kinds: dict[str, Callable[[Node], Value]] = {
            "string": self._string,
            "number": lambda node: self._maybe(number(self.syntax.text(node))),
            "identifier": self._identifier,
            "parenthesized_expression": self._inner,
            "cast_expression": self._inner,
            "binary_expression": self._binary,
            "unary_expression": self._unary,
            "function_call": self._call,
            "dot_index_expression": self._index,
            "bracket_index_expression": self._index,
            "table_constructor": Table,
        }

    def fold(self, node: Node | None) -> Value:
        if node is None or self.depth >= DEEPEST or self.steps >= MOST_STEPS:
            return UNKNOWN
        kind = self.kinds.get(node.type)
        if kind is None:
            return UNKNOWN
        if node.id in self.known:
            return self.known[node.id]
        self.steps += 1
        self.depth += 1
        value = kind(node)
        self.depth -= 1
        if not self.busy:
            self.known[node.id] = value
        return value

    def options(self, node: Node | None) -> list[Value]:
        """Every value an expression may have; several for a name that is bound repeatedly."""
        node = strip(node)
        if node is None:
            return []
        bound = self.bindings.values(self.syntax.text(node)) if node.type in NAMES else []
        if len(bound) <= 1:
            return [self.fold(node)]
        return [self.fold(value) for value in bound[:MOST_OPTIONS]]

    def arguments(self, call: Node) -> list[Node]:
        listed = call.child_by_field_name("arguments")
        if listed is None:
            return []
        return [child for child in listed.named_children if child.type != "comment"]

    def callee(self, call: Node) -> Value:
        """What is called. Methods of known objects are symbols such as `game:GetObjects`."""
        name = call.child_by_field_name("name")
        if name is None or name.type != "method_index_expression":
            return self.fold(name)
        owner = self.fold(name.child_by_field_name("table"))
        return Symbol(f"{owner.name}:{self.method(call)}") if isinstance(owner, Symbol) else UNKNOWN

    def method(self, call: Node) -> str:
        """The name after the colon or the last dot, empty when there is none."""
        name = call.child_by_field_name("name")
        part = name and (name.child_by_field_name("method") or name.child_by_field_name("field"))
        if name is None or part is None:
            return ""
        if name.type == "bracket_index_expression":
            key = self.fold(part)
            return key.decode("utf-8", "replace") if isinstance(key, bytes) else ""
        return self.syntax.text(part).decode("utf-8", "replace")

    def entry(self, table: Table, key: Value) -> Node | None:
        """The expression of a table's field; the last one counts."""
        fields = self.fields.get(table.node.id)
        if fields is None:
            fields = self.fields[table.node.id] = dict(self._fields(table))
        return fields.get(key)

    def _fields(self, table: Table) -> Iterator[tuple[Value, Node]]:
        """Positions are keys too, as in Luau."""
        position = 0.0
        for item in table.node.named_children:
            value = item.child_by_field_name("value") if item.type == "field" else None
            name = item.child_by_field_name("name") if value is not None else None
            if value is not None and name is None:
                position += 1.0
                yield position, value
            elif value is not None and name is not None:
                yield self._key(item, name), value

    def _key(self, item: Node, name: Node) -> Value:
        bracketed = self.syntax.source[item.start_byte : item.start_byte + 1] == b"["
        return self.fold(name) if bracketed else self.syntax.text(name)

    def _maybe(self, value: float | None) -> Value:
        return UNKNOWN if value is None else value

    def _inner(self, node: Node) -> Value:
        return self.fold(node.named_child(0))

    def _string(self, node: Node) -> Value:
        raw = self.syntax.text(node)
        if raw[:1] == b"[":
            return _long(raw)
        if raw[:1] == b"`":
            return self._template(node)
        return unescape(raw[1:-1])

    def _template(self, node: Node) -> Value:
        parts: list[Value] = []
        for child in node.named_children:
            if child.type == "interpolation":
                parts.append(self.fold(child.named_child(0)))
            else:
                parts.append(unescape(self.syntax.text(child)))
        return compute(lambda *found: b"".join(map(as_text, found)), parts)

    def _identifier(self, node: Node) -> Value:
        name = self.syntax.text(node)
        text = name.decode("utf-8", "replace")
        if name in self.busy or not self.bindings.values(name):
            return Symbol(text)
        value = self._bound(name)
        return Symbol(text) if value is UNKNOWN and text in GLOBALS else value

    def _bound(self, name: bytes) -> Value:
        only = self.bindings.only(name)
        if only is None or name in self.busy:
            return UNKNOWN
        self.busy.add(name)
        value = self.fold(only)
        self.busy.discard(name)
        return value

    def _binary(self, node: Node) -> Value:
        operator = _operator(node)
        if operator == "..":
            return self._concatenation(node)
        function = OPERATORS.get(operator)
        if function is None:
            return UNKNOWN
        sides = [self.fold(node.child_by_field_name(side)) for side in ("left", "right")]
        return compute(lambda a, b: function(as_number(a), as_number(b)), sides)

    def _concatenation(self, node: Node) -> Value:
        """Flat, because obfuscators chain thousands."""
        pieces: list[bytes] = []
        size, waiting = 0, [node]
        while waiting:
            part = strip(waiting.pop())
            if part is not None and part.type == "binary_expression" and _operator(part) == "..":
                waiting += [n for n in map(part.child_by_field_name, ("right", "left")) if n]
                continue
            value = compute(as_text, [self.fold(part)])
            if not isinstance(value, bytes) or size > LONGEST:
                return UNKNOWN
            size += len(value)
            pieces.append(value)
        return b"".join(pieces)

    def _unary(self, node: Node) -> Value:
        operand = self.fold(node.child_by_field_name("operand"))
        match self.syntax.source[node.start_byte : node.start_byte + 1]:
            case b"-":
                return compute(lambda value: -as_number(value), [operand])
            case b"#" if isinstance(operand, bytes):
                return float(len(operand))
        return UNKNOWN

    def _index(self, node: Node) -> Value:
        path = self.syntax.text(node)
        if node.type == "dot_index_expression" and self.bindings.values(path):
            return self._bound(path)
        owner = self.fold(node.child_by_field_name("table"))
        field = node.child_by_field_name("field")
        if field is None:
            return UNKNOWN
        dotted = node.type == "dot_index_expression"
        key = self.syntax.text(field) if dotted else self.fold(field)
        if isinstance(owner, Table):
            return self.fold(self.entry(owner, key))
        if not isinstance(owner, Symbol) or not isinstance(key, bytes):
            return UNKNOWN
        return _member(owner, key.decode("utf-8", "replace"))

    def _call(self, node: Node) -> Value:
        arguments = [self.fold(argument) for argument in self.arguments(node)]
        name = node.child_by_field_name("name")
        if name is not None and name.type == "method_index_expression":
            return self._method_call(node, name, arguments)
        callee = self.fold(name)
        if not isinstance(callee, Symbol):
            return UNKNOWN
        if callee.name == "getfenv":
            return ENVIRONMENT
        if callee.name == "table.concat":
            return self._joined(arguments)
        function = FUNCTIONS.get(callee.name)
        return compute(function, arguments) if function else UNKNOWN

    def _method_call(self, node: Node, name: Node, arguments: list[Value]) -> Value:
        owner, method = self.fold(name.child_by_field_name("table")), self.method(node)
        if isinstance(owner, bytes):
            function = STRING_METHODS.get(method)
            return compute(function, [owner, *arguments]) if function else UNKNOWN
        if owner in (Symbol("game"), Symbol("Game")) and method in FIND_SERVICE:
            service = arguments[0] if arguments else UNKNOWN
            if isinstance(service, bytes):
                return Symbol(f"service:{service.decode('utf-8', 'replace')}")
        return UNKNOWN

    def _joined(self, arguments: list[Value]) -> Value:
        table = arguments[0] if arguments else UNKNOWN
        if not isinstance(table, Table):
            return UNKNOWN
        items = [n.child_by_field_name("value") for n in table.node.named_children]
        separator = arguments[1] if len(arguments) > 1 else b""
        parts = [self.fold(item) for item in items]
        return compute(
            lambda glue, *rest: as_text(glue).join(map(as_text, rest)), [separator, *parts]
        )


NAMES = frozenset({"identifier", "dot_index_expression"})


def strip(node: Node | None) -> Node | None:
    """The expression without parentheses and casts around it."""
    while node is not None and node.type in ("parenthesized_expression", "cast_expression"):
        node = node.named_child(0)
    return node


def _operator(node: Node) -> str:
    return node.children[1].type if node.child_count > 1 else ""


def _member(owner: Symbol, key: str) -> Symbol:
    if owner in (ENVIRONMENT, Symbol("_G"), Symbol("shared")):
        return Symbol(key)
    if owner.name in ("game", "Game"):
        return Symbol(f"service:{key}")
    return Symbol(f"{owner.name}.{key}")


def _long(raw: bytes) -> bytes:
    """A literal in long brackets; a newline right after the opening is not part of it."""
    level = raw.find(b"[", 1) + 1
    body = raw[level : len(raw) - level]
    return body.removeprefix(b"\r").removeprefix(b"\n")
