"""A script's syntax tree, and the nodes the rules care for, from one walk over it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import tree_sitter_luau
from tree_sitter import Language, Node, Parser, Tree

LUAU = Language(tree_sitter_luau.language())
READ = 1 << 16
TICKS = 4096


class OutOfTimeError(Exception):
    """The script took longer than it may; hostile sources can make any parser slow."""


@dataclass(slots=True)
class Syntax:
    """Nodes in source order. `names` are all identifiers by text, types and fields included."""

    source: bytes
    tree: Tree
    calls: list[Node] = field(default_factory=list)
    strings: list[Node] = field(default_factory=list)
    assignments: list[Node] = field(default_factory=list)
    rebound: list[Node] = field(default_factory=list)
    names: list[Node] = field(default_factory=list)
    error: Node | None = None

    def text(self, node: Node) -> bytes:
        return self.source[node.start_byte : node.end_byte]

    def position(self, node: Node) -> tuple[int, int]:
        return position(self.source, node.start_byte)


def position(source: bytes, at: int) -> tuple[int, int]:
    """Line and column in characters, both from 1."""
    start = source.rfind(b"\n", 0, at) + 1
    return source.count(b"\n", 0, at) + 1, len(source[start:at].decode("utf-8", "replace")) + 1


def parse(source: bytes, deadline: float) -> Syntax:
    """Raises `OutOfTimeError` at `deadline`, a value of `time.monotonic()`."""
    parser = Parser(LUAU)

    def take(at: int, _point: object) -> bytes:
        return source[at : at + READ]

    def stop(_at: int, _failed: bool) -> bool:  # noqa: FBT001 - tree-sitter's signature
        return time.monotonic() > deadline

    try:
        tree = parser.parse(take, encoding="utf8", progress_callback=stop)
    except ValueError as error:
        raise OutOfTimeError from error
    syntax = Syntax(source, tree)
    _collect(syntax, deadline)
    return syntax


def _collect(syntax: Syntax, deadline: float) -> None:
    lists = {
        "function_call": syntax.calls,
        "string": syntax.strings,
        "assignment_statement": syntax.assignments,
        "update_statement": syntax.rebound,
        "parameter": syntax.rebound,
        "for_numeric_clause": syntax.rebound,
        "for_generic_clause": syntax.rebound,
        "function_declaration": syntax.rebound,
        "identifier": syntax.names,
    }
    cursor = syntax.tree.walk()
    seen = 0
    while True:
        node = cursor.node
        if node is not None:
            found = lists.get(node.type)
            if found is not None:
                found.append(node)
            elif syntax.error is None and (node.is_error or node.is_missing):
                syntax.error = node
        seen += 1
        if seen % TICKS == 0 and time.monotonic() > deadline:
            raise OutOfTimeError
        if cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
