"""PATCH (RFC 7644 section 3.5.2) on a resource's document, in the shapes Okta and Entra send.

Entra writes operations with capitals, values as text ("False"), dotted names in values without a
path, and the members to be removed in the value. Attributes of schemas this product does not
keep (department, manager) are passed over, as an identity provider expects of what is not mapped.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any, Final

from apps.scim import filters
from apps.scim.errors import ScimError, invalid_path, invalid_value

PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
CORE: Final = re.compile(r"^urn:ietf:params:scim:schemas:core:2\.0:(?:user|group):", re.IGNORECASE)
PATH: Final = re.compile(
    r"^(?P<name>[A-Za-z$][\w$-]*)(?:\[(?P<filter>.+)\])?(?:\.(?P<sub>[A-Za-z$][\w$-]*))?$"
)
MOST: Final = 1000
Document = dict[str, Any]
# Lists of complex values, and names within them that come alone.
LISTS: Final = frozenset({"emails", "members"})


def apply(document: Document, body: Any) -> Document:
    """A changed copy of `document` (camel-case names, as rendered). Raises `ScimError`."""
    operations = body.get("Operations") if isinstance(body, Mapping) else None
    if not isinstance(operations, list) or not 1 <= len(operations) <= MOST:
        raise ScimError(f"Operations must be a list of 1 to {MOST}.", scim_type="invalidSyntax")
    changed = copy.deepcopy(document)
    for operation in operations:
        if not isinstance(operation, Mapping):
            raise ScimError("An operation is an object.", scim_type="invalidSyntax")
        _carry_out(changed, operation)
    return changed


def _carry_out(document: Document, operation: Mapping[str, Any]) -> None:
    verb = str(operation.get("op", "")).lower()
    path, value = operation.get("path"), operation.get("value")
    if verb not in {"add", "replace", "remove"}:
        raise ScimError("op is one of add, replace, remove.", scim_type="invalidSyntax")
    if path is None:
        if verb == "remove":
            raise ScimError("remove needs a path.", scim_type="noTarget")
        if not isinstance(value, Mapping):
            raise invalid_value("Without a path the value is an object of attributes.")
        for name, each in value.items():
            _at(document, verb, str(name), each)
        return
    _at(document, verb, str(path), value)


def _at(document: Document, verb: str, path: str, value: Any) -> None:
    bare = CORE.sub("", path)
    if bare.lower().startswith("urn:"):
        return  # of a schema that is not kept
    found = PATH.match(bare)
    if found is None:
        raise invalid_path(f"The path {path!r} is not understood.")
    name, condition, sub = _known(document, found["name"]), found["filter"], found["sub"]
    if name is None:
        return
    if name in LISTS:
        _in_list(document, name, verb, condition, sub, value)
    elif sub or isinstance(document[name], dict):
        _in_complex(document[name], verb, sub, value)
    else:
        document[name] = "" if verb == "remove" else value


def _in_complex(target: Any, verb: str, sub: str | None, value: Any) -> None:
    if not isinstance(target, dict):
        raise invalid_path("This attribute has no parts.")
    if sub is None and verb != "remove" and not isinstance(value, Mapping):
        raise invalid_value("This attribute is an object.")
    if sub is not None:
        parts: Mapping[str, Any] = {sub: value}
    else:
        parts = dict.fromkeys(target) if verb == "remove" else value
    for part, each in parts.items():
        if name := _known(target, str(part)):
            target[name] = "" if verb == "remove" else each


def _in_list(
    document: Document, name: str, verb: str, condition: str | None, sub: str | None, value: Any
) -> None:
    entries: list[Any] = document[name]
    if condition is None:
        document[name] = _whole(entries, verb, value)
        return
    meant = filters.picks(condition)
    if verb == "remove":
        document[name] = [entry for entry in entries if not meant(entry)]
        return
    new = {sub: value} if sub else value
    if not isinstance(new, Mapping):
        raise invalid_value(f"A value of {name} is an object.")
    chosen = [entry for entry in entries if meant(entry)]
    for entry in chosen:
        entry.update(new)
    if not chosen:  # Entra adds the first work address by replacing it
        entries.append({"type": "work", **new} if name == "emails" else dict(new))


def _whole(entries: list[Any], verb: str, value: Any) -> list[Any]:
    given = _listed(value)
    if verb == "replace":
        return given
    keys = {entry.get("value") for entry in given}
    if verb == "remove":
        return [entry for entry in entries if keys and entry.get("value") not in keys]
    return [entry for entry in entries if entry.get("value") not in keys] + given


def _listed(value: Any) -> list[Any]:
    values = [] if value is None else value if isinstance(value, list) else [value]
    if not all(isinstance(each, Mapping) for each in values):
        raise invalid_value("The values of a list are objects with a value.")
    return [dict(each) for each in values]


def _known(document: Mapping[str, Any], name: str) -> str | None:
    """The document's own spelling: names are read in any case of letters."""
    return next((own for own in document if own.lower() == name.lower()), None)
