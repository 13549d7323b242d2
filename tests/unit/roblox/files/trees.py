"""Hypothesis strategies for whole documents, and how to compare two."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from apps.roblox.files import Document, Instance, Property, ValueType
from apps.roblox.files.binary.frames import ROTATIONS
from apps.roblox.files.values import (
    CFrame,
    Color3,
    Color3uint8,
    Content,
    Font,
    NumberRange,
    PhysicalProperties,
    Ray,
    Rect,
    UDim,
    UDim2,
    UniqueId,
    Vector2,
    Vector3,
    Vector3int16,
)

T = ValueType
singles = st.floats(width=32, allow_nan=False)
int32 = st.integers(-(1 << 31), (1 << 31) - 1)
int64 = st.integers(-(1 << 63), (1 << 63) - 1)
uint32 = st.integers(0, (1 << 32) - 1)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
lines = st.text(st.sampled_from("ab \t\r\n<&>]'\"\u00e9"), max_size=20)
plain = (texts | lines).map(str.encode)
vectors = st.builds(Vector3, singles, singles, singles)
flats = st.builds(Vector2, singles, singles)
rotations = st.sampled_from(sorted(ROTATIONS.values())) | st.tuples(*[singles] * 9)
frames = st.builds(CFrame, vectors, rotations)
points = st.tuples(*[singles] * 3)
VALUES: dict[ValueType, st.SearchStrategy[Any]] = {
    T.STRING: plain,
    T.PROTECTED_STRING: plain,
    T.BINARY_STRING: st.binary(max_size=20),
    T.CONTENT_ID: texts.map(str.encode),
    T.SHARED_STRING: st.binary(max_size=20),
    T.BYTECODE: st.binary(max_size=20),
    T.BOOL: st.booleans(),
    T.INT32: int32,
    T.INT64: int64,
    T.FLOAT32: singles,
    T.FLOAT64: st.floats(allow_nan=False),
    T.ENUM: uint32,
    T.BRICK_COLOR: uint32,
    T.FACES: st.integers(0, 63),
    T.AXES: st.integers(0, 7),
    T.SECURITY_CAPABILITIES: int64,
    T.CONTENT: st.builds(Content) | st.builds(Content, uri=texts.map(str.encode)),
    T.UDIM: st.builds(UDim, singles, int32),
    T.UDIM2: st.builds(UDim2, singles, int32, singles, int32),
    T.RAY: st.builds(Ray, vectors, vectors),
    T.COLOR3: st.builds(Color3, singles, singles, singles),
    T.COLOR3_UINT8: st.builds(Color3uint8, *[st.integers(0, 255)] * 3),
    T.VECTOR2: flats,
    T.VECTOR3: vectors,
    T.VECTOR3_INT16: st.builds(Vector3int16, *[st.integers(-(1 << 15), (1 << 15) - 1)] * 3),
    T.CFRAME: frames,
    T.OPTIONAL_CFRAME: st.none() | frames,
    T.NUMBER_SEQUENCE: st.lists(points, max_size=3).map(tuple),
    T.COLOR_SEQUENCE: st.lists(st.tuples(*[singles] * 5), max_size=3).map(tuple),
    T.NUMBER_RANGE: st.builds(NumberRange, singles, singles),
    T.RECT: st.builds(Rect, flats, flats),
    T.PHYSICAL_PROPERTIES: st.none()
    | st.builds(PhysicalProperties, *[singles] * 5, st.none() | singles),
    T.UNIQUE_ID: st.builds(UniqueId, uint32, uint32, int64),
    T.FONT: st.builds(
        Font, texts.map(str.encode), st.integers(0, 900), st.integers(0, 3), texts.map(str.encode)
    ),
}
NAMES = ("Alpha", "Beta", "Gamma", "Delta")


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Models whose instances of one class have the same properties, as real files do."""
    classes = draw(
        st.dictionaries(
            st.sampled_from(["Folder", "Part", "Script"]),
            st.dictionaries(st.sampled_from(NAMES), st.sampled_from(list(VALUES)), max_size=3),
            min_size=1,
        )
    )
    kinds = draw(st.lists(st.sampled_from(sorted(classes)), min_size=1, max_size=8))
    document = Document("model", "binary", [])
    made: list[Instance] = []
    for kind in kinds:
        properties = {
            name: Property(value_type, draw(VALUES[value_type]))
            for name, value_type in classes[kind].items()
        }
        instance = Instance(kind, draw(texts), properties)
        above = draw(st.none() | st.sampled_from(made)) if made else None
        document.roots.append(instance) if above is None else above.add(instance)
        made.append(instance)
    for instance in made:
        instance.own["Target"] = Property(T.REF, draw(st.none() | st.sampled_from(made)))
    return document


def described(document: Document, *, one_kind_of_string: bool = False) -> list[Any]:
    """The tree as plain values: equal for equal documents."""
    instances = list(document.instances())
    numbers = {id(instance): number for number, instance in enumerate(instances)}

    def value(prop: Property) -> tuple[str, Any]:
        found = numbers.get(id(prop.value)) if prop.type is T.REF else prop.value
        strings = (T.PROTECTED_STRING, T.BINARY_STRING, T.CONTENT_ID)
        kind = T.STRING if one_kind_of_string and prop.type in strings else prop.type
        return kind, repr(found)

    return [
        (
            instance.class_name,
            None if instance.parent is None else numbers[id(instance.parent)],
            sorted((name, *value(prop)) for name, prop in instance.properties.items()),
        )
        for instance in instances
    ]
