"""Roblox places and models: read safely, look through, write.

document = read(data, filename="lesson.rbxl")
for script in document.scripts(): ...
"""

from .document import AssetReference, Document, Instance, Script
from .limits import Limits
from .reading import read
from .refusals import (
    Cyclic,
    DecompressionBomb,
    FileRefused,
    Malformed,
    Mislabelled,
    NotRoblox,
    TooDeep,
    TooLarge,
    Truncated,
    Unwritable,
)
from .values import Property, ValueType
from .writing import write

__all__ = [
    "AssetReference",
    "Cyclic",
    "DecompressionBomb",
    "Document",
    "FileRefused",
    "Instance",
    "Limits",
    "Malformed",
    "Mislabelled",
    "NotRoblox",
    "Property",
    "Script",
    "TooDeep",
    "TooLarge",
    "Truncated",
    "Unwritable",
    "ValueType",
    "read",
    "write",
]
