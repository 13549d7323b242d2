"""A script's syntax tree, and the nodes the rules care for, from one walk over it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import tree_sitter_luau
from tree_sitter import Language, Node, Parser, Tree

LUAU = Language(tree_sitter_luau.language())
READ = 1 << 16
TICKS = 256
WATCHED = frozenset({b"getfenv", b"setfenv", b"loadstring"})


class OutOfTimeError(Exception):
    """The script took longer than it may; hostile sources can make any parser slow."""


@dataclass(slots=True)
class Syntax:
    """Nodes in source order. `watched` are identifiers that are dangerous by themselves,
    `concatenations` only the outermost ones.
    """

    source: bytes
    tree: Tree
    deadline: float
    calls: list[Node] = field(default_factory=list)
    strings: list[Node] = field(default_factory=list)
    assignments: list[Node] = field(default_factory=list)
    rebound: list[Node] = field(default_factory=list)
    concatenations: list[Node] = field(default_factory=list)
    watched: list[Node] = field(default_factory=list)
    error: Node | None = None

    def each(self, nodes: Iterable[Node]) -> Iterator[Node]:
        """The nodes, as long as there is time."""
        for number, node in enumerate(nodes):
            if number % TICKS == 0 and time.monotonic() > self.deadline:
                raise OutOfTimeError
            yield node

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
    syntax = Syntax(source, tree, deadline)
    _collect(syntax)
    return syntax


def _collect(syntax: Syntax) -> None:
    lists = {
        "function_call": syntax.calls,
        "string": syntax.strings,
        "assignment_statement": syntax.assignments,
        "update_statement": syntax.rebound,
        "parameter": syntax.rebound,
        "for_numeric_clause": syntax.rebound,
        "for_generic_clause": syntax.rebound,
        "function_declaration": syntax.rebound,
    }
    for node in syntax.each(_walk(syntax.tree)):
        found = lists.get(node.type)
        if found is not None:
            found.append(node)
        else:
            _collect_rarer(syntax, node)


def _collect_rarer(syntax: Syntax, node: Node) -> None:
    kind = node.type
    if kind == "identifier":
        if syntax.text(node) in WATCHED:
            syntax.watched.append(node)
    elif kind == "binary_expression":
        known = syntax.concatenations
        inside = bool(known) and node.end_byte <= known[-1].end_byte
        if not inside and node.child_count > 1 and node.children[1].type == "..":
            known.append(node)
    elif syntax.error is None and (node.is_error or node.is_missing):
        syntax.error = node


def _walk(tree: Tree) -> Iterator[Node]:
    """All nodes, parents first. A cursor stays linear where nodes are nested deeply."""
    cursor = tree.walk()
    while True:
        if cursor.node is not None:
            yield cursor.node
        if cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
