"""What a script assigns to each name, whatever the scope.

Scopes are left out on purpose: a second, dead binding of a name must not hide the first.
"""

from __future__ import annotations

from collections import defaultdict

from tree_sitter import Node

from .syntax import Syntax

TARGETS = frozenset({"identifier", "dot_index_expression"})
# Names bound more often than this are taken as unknown.
MOST = 16


class Bindings:
    """`values(name)` are the expressions bound to a name or dotted path, None for others."""

    def __init__(self, syntax: Syntax) -> None:
        self.syntax = syntax
        self.found: dict[bytes, list[Node | None]] = defaultdict(list)
        for node in syntax.assignments:
            self._assign(node)
        for node in syntax.rebound:
            self._rebind(node)

    def values(self, name: bytes) -> list[Node | None]:
        return self.found.get(name, [])

    def only(self, name: bytes) -> Node | None:
        """The expression of a name that is bound once."""
        values = self.values(name)
        return values[0] if len(values) == 1 else None

    def _bind(self, target: Node, value: Node | None) -> None:
        if target.type in TARGETS:
            name = self.syntax.text(target)
            if len(self.found[name]) <= MOST:
                self.found[name].append(value)

    def _assign(self, node: Node) -> None:
        groups = {child.type: child for child in node.named_children}
        targets, values = groups.get("variable_list"), groups.get("expression_list")
        if targets is None or values is None:
            return
        expressions = values.named_children
        plain = [child for child in targets.named_children if child.type in TARGETS]
        for number, target in enumerate(plain):
            self._bind(target, expressions[number] if number < len(expressions) else None)

    def _rebind(self, node: Node) -> None:
        for child in node.named_children:
            if child.type == "variable_list":
                for target in child.named_children:
                    self._bind(target, None)
            elif child.type == "identifier":
                self._bind(child, None)
                return
