"""What the endpoint can do (RFC 7644 section 4). Read with or without a token: none of it is a
secret, and providers ask before they have one.
"""

from __future__ import annotations

from typing import Any, Final

from apps.scim import documents, errors
from apps.scim.views.endpoint import MOST_COUNT, Endpoint, listed

CONFIG: Final = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
SCHEMA: Final = "urn:ietf:params:scim:schemas:core:2.0:Schema"
TYPE: Final = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"


def _attribute(name: str, text: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name, "type": "string", "multiValued": False, "description": text,
        "required": False, "caseExact": False, "mutability": "readWrite", "returned": "default",
        "uniqueness": "none", **more,
    }  # fmt: skip


def _complex(name: str, text: str, parts: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return _attribute(name, text, type="complex", subAttributes=parts, **more)


VALUE: Final = _attribute("value", "The value.")
REFERENCE: Final = _attribute(
    "$ref", "Where it is.", type="reference", referenceTypes=["User", "Group"],
    mutability="readOnly",
)  # fmt: skip
DISPLAY: Final = _attribute("display", "Its name.", mutability="readOnly")
EXTERNAL: Final = _attribute("externalId", "The provider's own id.", caseExact=True)
ATTRIBUTES: Final[dict[str, list[dict[str, Any]]]] = {
    documents.USER: [
        _attribute("userName", "The name at the provider.", required=True, uniqueness="server"),
        EXTERNAL,
        _complex("name", "The person's name.", [
            _attribute("formatted", "As it is shown.", mutability="readOnly"),
            _attribute("givenName", "First name."),
            _attribute("familyName", "Last name."),
        ]),
        _attribute("displayName", "The name on pages; first and last name when left out."),
        _complex("emails", "Addresses; one is kept: the primary, else the one for work.", [
            VALUE,
            _attribute("type", "work.", canonicalValues=["work"]),
            _attribute("primary", "Whether it is the one.", type="boolean"),
        ], multiValued=True),
        _attribute("active", "false: the workspace is closed to the person.", type="boolean"),
        _complex("groups", "The groups the person is in.", [VALUE, REFERENCE, DISPLAY],
                 multiValued=True, mutability="readOnly"),
    ],
    documents.GROUP: [
        _attribute("displayName", "The group's name.", required=True, uniqueness="server"),
        EXTERNAL,
        _complex("members", "Users in the group.", [VALUE, REFERENCE, DISPLAY], multiValued=True),
    ],
}  # fmt: skip
NAMES: Final = {documents.USER: "User", documents.GROUP: "Group"}


class Config(Endpoint):
    is_open = True

    def get(self, request: Any) -> Any:
        no = {"supported": False}
        document = {
            "schemas": [CONFIG],
            "documentationUri": request.build_absolute_uri("/settings/provisioning/"),
            "patch": {"supported": True},
            "bulk": {**no, "maxOperations": 0, "maxPayloadSize": 0},
            "filter": {"supported": True, "maxResults": MOST_COUNT},
            "changePassword": no,
            "sort": no,
            "etag": {"supported": True},
            "authenticationSchemes": [
                {
                    "type": "oauthbearertoken", "name": "Bearer token", "primary": True,
                    "description": "A token made under Settings, Provisioning.",
                    "specUri": "https://www.rfc-editor.org/info/rfc6750",
                }
            ],
            "meta": {
                "resourceType": "ServiceProviderConfig",
                "location": f"{self.base}/ServiceProviderConfig",
            },
        }  # fmt: skip
        return 200, document, {}


class Schemas(Endpoint):
    is_open = True

    def get(self, _request: Any, schema: str = "") -> Any:
        found = [self._shown(each) for each in ATTRIBUTES]
        return _one_or_all(found, schema, "schema")

    def _shown(self, schema: str) -> dict[str, Any]:
        return {
            "schemas": [SCHEMA], "id": schema, "name": NAMES[schema],
            "description": f"{NAMES[schema]}s of this workspace", "attributes": ATTRIBUTES[schema],
            "meta": {"resourceType": "Schema", "location": f"{self.base}/Schemas/{schema}"},
        }  # fmt: skip


class ResourceTypes(Endpoint):
    is_open = True

    def get(self, _request: Any, name: str = "") -> Any:
        found = [self._shown(schema, each) for schema, each in NAMES.items()]
        return _one_or_all(found, name, "resource type")

    def _shown(self, schema: str, name: str) -> dict[str, Any]:
        return {
            "schemas": [TYPE], "id": name, "name": name, "endpoint": f"/{name}s",
            "schema": schema, "description": f"{name}s of this workspace",
            "meta": {
                "resourceType": "ResourceType", "location": f"{self.base}/ResourceTypes/{name}",
            },
        }  # fmt: skip


class Absent(Endpoint):
    """Any other address, /Me and /Bulk among them."""

    def _handle(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        del args, kwargs
        raise errors.ScimError(f"There is nothing at {request.path}.", status=404)


def _one_or_all(found: list[dict[str, Any]], wanted: str, kind: str) -> Any:
    if not wanted:
        return 200, listed(len(found), 1, found), {}
    one = next((each for each in found if each["id"] == wanted), None)
    if one is None:
        raise errors.absent(kind, wanted)
    return 200, one, {}
