"""Requests as Okta and Microsoft Entra write them, after their public documentation:
developer.okta.com/docs/api/openapi/okta-scim and
learn.microsoft.com/entra/identity/app-provisioning/use-scim-to-provision-users-and-groups.
"""

from __future__ import annotations

from typing import Any

from apps.scim.services import tokens

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def scim_token(tenant: Any, **about: Any) -> str:
    _, secret = tokens.create(tenant=tenant, **{"name": "Okta", "by": None, **about})
    return secret


def okta_user(email: str, **more: Any) -> dict[str, Any]:
    return {
        "schemas": [CORE],
        "userName": email,
        "name": {"givenName": "Ines", "familyName": "Okta"},
        "emails": [{"primary": True, "value": email, "type": "work"}],
        "displayName": "Ines Okta",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",  # pragma: allowlist secret
        "active": True,
        **more,
    }


def entra_user(email: str, **more: Any) -> dict[str, Any]:
    return {
        "schemas": [CORE, ENTERPRISE],
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": email,
        "active": True,
        "displayName": "Emil Entra",
        "emails": [{"primary": True, "type": "work", "value": email}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "Emil Entra", "familyName": "Entra", "givenName": "Emil"},
        "roles": [],
        ENTERPRISE: {"department": "Science", "employeeNumber": "7"},
        **more,
    }


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": list(operations)}
