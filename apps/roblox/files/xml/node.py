"""The few nested elements of one property."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr


class Node:
    __slots__ = ("attributes", "children", "parent", "pieces", "tag")

    def __init__(self, tag: str, attributes: dict[str, str], parent: Node | None = None) -> None:
        self.tag = tag
        self.attributes = attributes
        self.parent = parent
        self.children: list[Node] = []
        self.pieces: list[str] = []

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def child(self, tag: str) -> Node | None:
        for node in self.children:
            if node.tag == tag:
                return node
        return None

    def part(self, tag: str) -> str:
        """The text of a child element; `KeyError` when there is none."""
        found = self.child(tag)
        if found is None:
            raise KeyError(tag)
        return found.text

    def inner(self) -> str:
        """The element's content as XML. Text among elements comes first."""
        return escape(self.text, {"\r": "&#13;"}) + "".join(node.outer() for node in self.children)

    def outer(self) -> str:
        attributes = "".join(f" {name}={quoteattr(v)}" for name, v in self.attributes.items())
        return f"<{self.tag}{attributes}>{self.inner()}</{self.tag}>"
