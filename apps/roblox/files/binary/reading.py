"""From bytes to a `Document`, chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable

from apps.roblox.files import tree
from apps.roblox.files.document import Document, Instance, Kind
from apps.roblox.files.limits import INSTANCE_COST, Budget, Limits
from apps.roblox.files.refusals import Malformed, TooLarge
from apps.roblox.files.values import text

from .chunks import CLOSING, Chunk, Header, Unpacker, read_header, walk
from .codec import BadColumnError
from .columns import ClassTable, Column
from .fixed import referents
from .interleave import Buffer
from .links import NOTHING, Links
from .types import CODECS
from .variable import LENGTH, take_string

# Read by every user of a document, so their columns are never dropped.
ALWAYS_KEPT = frozenset({"Name", "Source"})
LONGEST_NAME = 256
TABLE_COST, COLUMN_COST, STRING_COST, REFERENT_COST = 900, 500, 60, 100


def read_binary(data: bytes, kind: Kind, limits: Limits) -> Document:
    """Raises a `FileRefused` for anything but a whole, well-formed file."""
    header = read_header(data)
    reader = _Reader(data, limits)
    reader.read_chunks()
    reader.compare(header)
    return Document(kind, "binary", reader.link(), reader.metadata)


class _Reader:
    def __init__(self, data: bytes, limits: Limits) -> None:
        self.data = data
        self.limits = limits
        self.budget = Budget(limits)
        self.unpacker = Unpacker(limits)
        self.metadata: dict[str, str] = {}
        self.links = Links()
        self.tables: dict[int, ClassTable] = {}
        self.parents: tuple[list[int], list[int]] | None = None
        self.instance_total = 0

    def read_chunks(self) -> None:
        read: dict[str, Callable[[Chunk, memoryview], None]] = {
            "META": self.read_meta,
            "SSTR": self.read_shared_strings,
            "INST": self.read_instances,
            "PROP": self.read_property,
            "PRNT": self.read_parents,
            "END": self.read_end,
        }
        for chunk in walk(self.data):
            take = read.get(chunk.name)
            if take is None:
                continue
            try:
                take(chunk, self.unpacker.admit(chunk))
            except BadColumnError as error:
                raise Malformed(f"A chunk cannot be read: {error}", where=chunk.where) from error

    def read_meta(self, chunk: Chunk, raw: memoryview) -> None:
        count, at = take_number(raw, 0)
        for _ in range(count):
            key, at = take_string(raw, at)
            value, at = take_string(raw, at)
            self.budget.charge(len(key) + len(value) + 4 * STRING_COST, chunk.where)
            self.metadata[text(key)] = text(value)

    def read_shared_strings(self, chunk: Chunk, raw: memoryview) -> None:
        version, at = take_number(raw, 0)
        count, at = take_number(raw, at)
        if version or self.links.shared:
            raise Malformed("Shared strings of an unknown kind or twice", where=chunk.where)
        shared: list[bytes] = []
        for _ in range(count):
            value, at = take_string(raw, at + 16)
            self.budget.charge(len(value) + STRING_COST, chunk.where)
            shared.append(value)
        self.links.shared = shared

    def read_instances(self, chunk: Chunk, raw: memoryview) -> None:
        number, at = take_number(raw, 0)
        class_name, at = take_name(raw, at)
        service, at = take_byte(raw, at)
        count, at = take_number(raw, at)
        if len(raw) != at + 4 * count + (count if service else 0):
            raise Malformed(f"{count} instances of {class_name} do not fit it", where=chunk.where)
        if number in self.tables:
            raise Malformed(f"Class number {number} is used twice", where=chunk.where)
        self._admit_instances(count, chunk)
        found = referents(raw[at : at + 4 * count])
        self.tables[number] = ClassTable(class_name, found)

    def _admit_instances(self, count: int, chunk: Chunk) -> None:
        self.instance_total += count
        if self.instance_total > self.limits.instances:
            raise TooLarge(
                f"The file holds more than {self.limits.instances} instances", where=chunk.where
            )
        self.budget.charge(TABLE_COST + count * INSTANCE_COST, chunk.where)

    def read_property(self, chunk: Chunk, raw: memoryview) -> None:
        number, at = take_number(raw, 0)
        name, at = take_name(raw, at)
        tag, start = take_byte(raw, at)
        table = self.tables.get(number)
        if table is None:
            raise Malformed(
                f"Property {name} is of class {number}, which no INST chunk names",
                where=chunk.where,
            )
        if name in table.columns:
            raise Malformed(f"{table.class_name}.{name} is given twice", where=chunk.where)
        self.budget.charge(COLUMN_COST, chunk.where)
        column = Column(chunk, tag, CODECS.get(tag), table.count, self.links)
        column.start = start
        column.check(raw[start:])
        self._keep(column, name, raw[start:])
        table.columns[name] = column

    def _keep(self, column: Column, name: str, raw: Buffer) -> None:
        cost = len(raw) + 8 * column.count
        if name in ALWAYS_KEPT:
            self.budget.charge(cost, column.chunk.where)
        elif not self.budget.afford(cost):
            return
        column.keep(raw)

    def read_parents(self, chunk: Chunk, raw: memoryview) -> None:
        version, at = take_byte(raw, 0)
        count, at = take_number(raw, at)
        if version or self.parents is not None:
            raise Malformed("Parents of an unknown kind or twice", where=chunk.where)
        if count != self.instance_total or len(raw) != at + 8 * count:
            raise Malformed(
                f"Parents are given for {count} instances, INST chunks hold {self.instance_total}",
                where=chunk.where,
            )
        middle = at + 4 * count
        self.parents = referents(raw[at:middle]), referents(raw[middle:])

    def read_end(self, chunk: Chunk, raw: memoryview) -> None:
        if raw != CLOSING:
            raise Malformed("The closing mark is damaged", where=chunk.where)

    def compare(self, header: Header) -> None:
        if self.parents is None:
            raise Malformed("No PRNT chunk says how instances are nested", where="END chunk")
        found = (len(self.tables), self.instance_total)
        if found != (header.classes, header.instances):
            raise Malformed(
                f"The header announces {header.classes} classes and {header.instances} instances, "
                f"the chunks hold {found[0]} and {found[1]}",
                where="bytes 16 to 23",
            )

    def link(self) -> list[Instance]:
        """Put every instance under its parent; answers the roots in file order."""
        instances = self._make_instances()
        self.links.instances = instances
        children, parents = self.parents or ([], [])
        roots: list[Instance] = []
        if len(set(children)) != len(children):
            raise Malformed("An instance is given two parents", where="PRNT chunk")
        for child, parent in zip(children, parents, strict=True):
            instance = instances.get(child)
            above = instances.get(parent)
            if instance is None or (above is None and parent != NOTHING):
                missing = child if instance is None else parent
                raise Malformed(
                    f"Instance number {missing} is in no INST chunk", where="PRNT chunk"
                )
            if above is None:
                roots.append(instance)
            else:
                above.add(instance)
        tree.check(roots, instances.values(), self.limits)
        return roots

    def _make_instances(self) -> dict[int, Instance]:
        instances: dict[int, Instance] = {}
        for table in self.tables.values():
            for row, referent in enumerate(table.referents):
                instances[referent] = Instance.in_columns(table.class_name, table, row)
            table.referents = ()
        if len(instances) != self.instance_total:
            raise Malformed("Two instances have the same number", where="INST chunks")
        return instances


def take_byte(raw: memoryview, at: int) -> tuple[int, int]:
    if at >= len(raw):
        raise BadColumnError("it ends too early")
    return raw[at], at + 1


def take_number(raw: memoryview, at: int) -> tuple[int, int]:
    if at + 4 > len(raw):
        raise BadColumnError("it ends too early")
    return LENGTH.unpack_from(raw, at)[0], at + 4


def take_name(raw: memoryview, at: int) -> tuple[str, int]:
    value, at = take_string(raw, at)
    if len(value) > LONGEST_NAME:
        raise BadColumnError(f"a class or property name has {len(value)} bytes")
    return text(value), at
