"""From XML to a `Document`, element by element, without a tree of the whole file."""

from __future__ import annotations

from itertools import chain
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import Locator

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from apps.roblox.files import tree
from apps.roblox.files.document import Document, Instance, Kind
from apps.roblox.files.limits import MIB, Budget, Limits
from apps.roblox.files.refusals import (
    FileRefused,
    Malformed,
    NotRoblox,
    TooDeep,
    TooLarge,
    Truncated,
)
from apps.roblox.files.values import Opaque, Property, ValueType

from .node import Node
from .scalars import read_base64
from .values import interpret

Attributes = dict[str, str]
FEED = 1 << 20
LONGEST_MARKUP = 4 * FEED
LONGEST_NAME = 256
ENDINGS = frozenset(
    {"no element found", "unclosed token", "unclosed CDATA section", "partial character"}
)
DEEPEST_PROPERTY = 12
# Measured on CPython 3.11: an instance with its dictionary and referent, a slot in that
# dictionary, a value beside its text, a number in a value, a value's entry among the remembered
# ones, and an element while it is being read.
ITEM_COST, SLOT_COST, VALUE_COST, PART_COST, ENTRY_COST, NODE_COST = 500, 64, 150, 60, 300, 450
REMEMBERED_VALUES, REMEMBERED_LENGTH = 20_000, 64


def read_xml(data: bytes, kind: Kind, limits: Limits) -> Document:
    """Raises a `FileRefused` for anything but a whole, well-formed file."""
    parser = _Parser(forbid_dtd=True)
    content = _Content(Document(kind, "xml"), limits, parser)
    parser.setContentHandler(content)
    try:
        for at in range(0, len(data), FEED):
            parser.feed(data[at : at + FEED])
            if at + FEED - parser.place > LONGEST_MARKUP:
                raise TooLarge("A tag or comment has no end in sight", where=content.locate())
        parser.close()
    except SAXParseException as error:
        raise _refusal(error) from error
    except DefusedXmlException as error:
        raise Malformed(
            "Document type definitions and entities are not allowed", where=content.locate()
        ) from error
    except (LookupError, UnicodeError) as error:
        raise Malformed("Its character encoding is not known", where="line 1") from error
    content.resolve()
    tree.check(content.document.roots, content.instances.values(), limits)
    return content.document


class _Parser(DefusedExpatParser):
    """Calls the handler straight from expat, with plain dictionaries for attributes."""

    def reset(self) -> None:
        super().reset()
        content = self.getContentHandler()
        if isinstance(content, _Content):
            self._parser.StartElementHandler = content.start  # type: ignore[attr-defined]
            self._parser.EndElementHandler = content.end  # type: ignore[attr-defined]

    @property
    def place(self) -> int:
        """Where in the bytes the markup starts that is being read."""
        return int(self._parser.CurrentByteIndex)  # type: ignore[attr-defined]


def _refusal(error: SAXParseException) -> FileRefused:
    where = f"line {error.getLineNumber()}, column {(error.getColumnNumber() or 0) + 1}"
    if error.getMessage() in ENDINGS:
        return Truncated("The file ends before its last element is closed", where=where)
    return Malformed(f"It is not well-formed XML: {error.getMessage()}", where=where)


class _Content(ContentHandler):
    """Keeps the open Items, and the nodes of the one property being read."""

    def __init__(self, document: Document, limits: Limits, locator: Locator) -> None:
        super().__init__()
        self.locator = locator
        self.document = document
        self.limits = limits
        self.budget = Budget(limits, "; the binary format takes far less: save it as that")
        self.open: list[Instance] = []
        self.within: list[str] = []
        self.node: Node | None = None
        self.size = self.parts = 0
        self.properties: dict[str, Property] = {}
        self.instances: dict[str, Instance] = {}
        self.shared: dict[str, bytes] = {}
        self.pending: list[tuple[dict[str, Property], str, str, str]] = []
        self.known: dict[tuple[str, str], Property] = {}

    def locate(self) -> str:
        line, column = self.locator.getLineNumber(), self.locator.getColumnNumber()
        place = f"line {line}, column {(column or 0) + 1}"
        return f"{place}, in {self.open[-1].path}" if self.open else place

    def start(self, name: str, attrs: Attributes) -> None:
        if self.node is not None:
            self._start_part(name, attrs)
        elif not self.within:
            self._start_root(name)
        elif name == "Item" and self.within[-1] in ("roblox", "Item"):
            self._start_item(attrs)
        elif (name, self.within[-1]) in (("Properties", "Item"), ("SharedStrings", "roblox")):
            self.within.append(name)
        else:
            self.size = self.parts = 0
            self.node = Node(name, attrs)

    def _start_root(self, name: str) -> None:
        if name != "roblox":
            raise NotRoblox(
                f"The outermost element is {name[:40]}, not roblox", where=self.locate()
            )
        self.within.append(name)

    def _start_part(self, name: str, attrs: Attributes) -> None:
        parent = self.node
        depth, above = 1, parent
        while above is not None:
            depth, above = depth + 1, above.parent
        if depth > DEEPEST_PROPERTY or parent is None:
            raise TooDeep("A property has elements inside elements", where=self.locate())
        self.parts += 1
        self.size += len(name) + sum(map(len, chain(attrs, attrs.values())))
        self._check_size()
        self.node = Node(name, attrs, parent)
        parent.children.append(self.node)

    def _start_item(self, attrs: Attributes) -> None:
        if len(self.open) >= self.limits.depth:
            raise TooDeep(
                f"An instance has more than {self.limits.depth} ancestors", where=self.locate()
            )
        if len(self.instances) >= self.limits.instances:
            raise TooLarge(
                f"The file holds more than {self.limits.instances} instances", where=self.locate()
            )
        class_name = attrs.get("class")
        if not class_name or len(class_name) > LONGEST_NAME:
            raise Malformed("An Item has no class, or an endless one", where=self.locate())
        self.budget.charge(ITEM_COST, self.locate)
        self.properties = {}
        instance = Instance.over(class_name, self.properties)
        self._register(instance, attrs.get("referent") or f"\0{len(self.instances)}")
        if self.open:
            self.open[-1].add(instance)
        else:
            self.document.roots.append(instance)
        self.open.append(instance)
        self.within.append("Item")

    def _register(self, instance: Instance, referent: str) -> None:
        if referent in self.instances or len(referent) > LONGEST_NAME:
            raise Malformed(
                f"The referent {referent[:80]} is used twice or endless", where=self.locate()
            )
        self.instances[referent] = instance

    def characters(self, content: str) -> None:
        if self.node is not None:
            self.size += len(content)
            self._check_size()
            self.node.pieces.append(content)

    def _check_size(self) -> None:
        if self.size + self.parts * NODE_COST > self.limits.chunk:
            raise TooLarge(
                f"A single property is larger than {self.limits.chunk // MIB} MiB",
                where=self.locate(),
            )

    def end(self, _name: str) -> None:
        if self.node is None:
            if self.within.pop() == "Item":
                self.open.pop()
        elif self.node.parent is not None:
            self.node = self.node.parent
        else:
            node, self.node = self.node, None
            self._finish(node)

    def _finish(self, node: Node) -> None:
        place = self.within[-1]
        if place == "Properties":
            self._finish_property(node)
        elif place == "SharedStrings" and node.tag == "SharedString":
            self._finish_shared(node)
        elif place == "roblox" and node.tag == "Meta":
            self.budget.charge(self.size + VALUE_COST, self.locate)
            self.document.metadata[node.attributes.get("name", "")] = node.text

    def _finish_property(self, node: Node) -> None:
        name = node.attributes.get("name")
        if not name or len(name) > LONGEST_NAME:
            raise Malformed(
                f"A {node.tag[:40]} property has no name, or an endless one", where=self.locate()
            )
        if name in self.properties:
            raise Malformed(f"The property {name[:80]} is given twice", where=self.locate())
        self.budget.charge(SLOT_COST, self.locate)
        if node.tag in ("Ref", "SharedString"):
            self.budget.charge(2 * VALUE_COST + self.size, self.locate)
            self.pending.append((self.properties, name, node.tag, node.text.strip()))
            # Holds the property's place among the others.
            self.properties[name] = Property(ValueType.REF, None)
        else:
            self.properties[name] = self._value(node, name)

    def _value(self, node: Node, name: str) -> Property:
        """Equal short values are one object: most properties of most instances are alike."""
        if self.size > REMEMBERED_LENGTH or node.children:
            self.budget.charge(VALUE_COST + self.size + self.parts * PART_COST, self.locate)
            return _interpret(node, name)
        key = ("Source" if name == "Source" else node.tag, node.text)
        found = self.known.get(key)
        if found is None:
            self.budget.charge(VALUE_COST + self.size, self.locate)
            found = _interpret(node, name)
            if len(self.known) < REMEMBERED_VALUES:
                self.budget.charge(ENTRY_COST, self.locate)
                self.known[key] = found
        return found

    def _finish_shared(self, node: Node) -> None:
        key = node.attributes.get("md5", "")
        self.budget.charge(self.size + VALUE_COST, self.locate)
        try:
            self.shared[key] = read_base64(node.text)
        except ValueError as error:
            raise Malformed("A shared string is not base64", where=self.locate()) from error

    def resolve(self) -> None:
        """Give references what they point at, now that all of it is known."""
        for properties, name, tag, key in self.pending:
            if tag == "Ref":
                properties[name] = Property(ValueType.REF, self.instances.get(key))
            elif key in self.shared:
                properties[name] = Property(ValueType.SHARED_STRING, self.shared[key])
            else:
                properties[name] = Property(ValueType.OPAQUE, Opaque(tag, key.encode()))
        self.pending.clear()


def _interpret(node: Node, name: str) -> Property:
    """Roblox goes by the property's name, not the element's: Source is text under any element."""
    if name == "Source" and not node.children and node.tag != ValueType.BINARY_STRING:
        return Property(ValueType.PROTECTED_STRING, node.text.encode())
    return interpret(node)
