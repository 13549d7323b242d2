"""Users and groups as SCIM writes them (RFC 7643), and read out of what a provider sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.scim.errors import invalid_value
from apps.scim.models import ScimGroup, ScimUser

USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
TEXT, NAME = 254, 120


@dataclass(frozen=True)
class UserValues:
    """What is kept of a user, checked."""

    user_name: str
    email: str
    external_id: str
    given_name: str
    family_name: str
    display_name: str
    active: bool


def user(row: ScimUser, base: str) -> dict[str, Any]:
    """`base` is the address of the endpoint, without a trailing slash. `scim_groups` and
    `user_name` come from the row; prefetch the groups of many.
    """
    return {
        "schemas": [USER],
        "id": str(row.pk),
        "externalId": row.external_id,
        "userName": row.user_name,
        "name": {
            "formatted": row.full_name, "givenName": row.given_name, "familyName": row.family_name,
        },
        "displayName": row.display_name,
        "emails": [{"value": row.email, "type": "work", "primary": True}],
        "active": row.active,
        "groups": [
            _reference(each.pk, each.display_name, f"{base}/Groups")
            for each in row.scim_groups.all()
        ],
        "meta": _meta("User", row, f"{base}/Users/{row.pk}"),
    }  # fmt: skip


def group(row: ScimGroup, base: str, *, with_members: bool = True) -> dict[str, Any]:
    document: dict[str, Any] = {
        "schemas": [GROUP],
        "id": str(row.pk),
        "externalId": row.external_id,
        "displayName": row.display_name,
        "meta": _meta("Group", row, f"{base}/Groups/{row.pk}"),
    }
    if with_members:
        document["members"] = [
            _reference(each.pk, each.user_name, f"{base}/Users") for each in row.members.all()
        ]
    return document


def read_user(body: Any) -> UserValues:
    """Raises `ScimError` (invalidValue). Attributes that are not kept are passed over."""
    given = _attributes(body)
    user_name = _text(given.get("username"), "userName", TEXT)
    if not user_name:
        raise invalid_value("userName is required.")
    name = _attributes(given.get("name") or {})
    return UserValues(
        user_name=user_name,
        email=_email(given.get("emails"), user_name),
        external_id=_text(given.get("externalid"), "externalId", TEXT),
        given_name=_text(name.get("givenname"), "name.givenName", NAME),
        family_name=_text(name.get("familyname"), "name.familyName", NAME),
        display_name=_text(given.get("displayname"), "displayName", NAME),
        active=_flag(given.get("active", True)),
    )


def read_group(body: Any) -> tuple[str, str, list[UUID] | None]:
    """Name, external id, and members' ids: None when they are left out."""
    given = _attributes(body)
    name = _text(given.get("displayname"), "displayName", TEXT)
    if not name:
        raise invalid_value("displayName is required.")
    external_id = _text(given.get("externalid"), "externalId", TEXT)
    members = given.get("members")
    return name, external_id, None if members is None else [_id(each) for each in _list(members)]


def _reference(pk: UUID, display: str, at: str) -> dict[str, str]:
    return {"value": str(pk), "display": display, "$ref": f"{at}/{pk}"}


def _meta(kind: str, row: ScimUser | ScimGroup, location: str) -> dict[str, str]:
    return {
        "resourceType": kind,
        "created": row.created_at.isoformat(),
        "lastModified": row.updated_at.isoformat(),
        "location": location,
        "version": row.version,
    }


def _attributes(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise invalid_value("An object was expected.")
    return {str(name).lower(): each for name, each in value.items()}


def _list(value: Any) -> list[Any]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(each, Mapping) for each in values):
        raise invalid_value("The values of a list are objects with a value.")
    return values


def _text(value: Any, name: str, most: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > most or "\x00" in value:
        raise invalid_value(f"{name} is a text of at most {most} characters.")
    return value.strip()


def _flag(value: Any) -> bool:
    """Entra sends "True" and "False" as text."""
    text = str(value).lower()
    if text not in {"true", "false"}:
        raise invalid_value("active is true or false.")
    return text == "true"


def _email(emails: Any, user_name: str) -> str:
    """The primary address, else the one for work, else the first; else the user name."""
    values = [_attributes(each) for each in _list(emails)] if emails else []
    values = [each for each in values if each.get("value")]

    def rank(each: Mapping[str, Any]) -> tuple[bool, bool]:
        primary = str(each.get("primary", "")).lower() == "true"
        return (not primary, str(each.get("type", "")).lower() != "work")

    chosen = min(values, key=rank)["value"] if values else user_name
    email = _text(chosen, "emails.value", TEXT).lower()
    try:
        validate_email(email)
    except ValidationError:
        raise invalid_value("A user needs an e-mail, as emails or as userName.") from None
    return email


def _id(member: Mapping[str, Any]) -> UUID:
    try:
        return UUID(str(_attributes(member).get("value", "")))
    except ValueError:
        raise invalid_value("The value of a member is the id of a user.") from None
