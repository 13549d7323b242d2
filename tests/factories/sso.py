from __future__ import annotations

from typing import Any

from apps.sso.models import Connection
from apps.sso.services import connections
from tests.fixtures.oidc import CLIENT_ID, CLIENT_SECRET, Issuer


def set_up(tenant: Any, at: Issuer, *, by: Any, **changes: Any) -> Connection:
    """The workspace's sign-in leads to the issuer; people of alpha.example may join."""
    values = {
        "name": "Alpha account", "issuer": at.url, "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET, "email_domains": ["alpha.example"], "joins": True,
        "default_role": "teacher", **changes,
    }  # fmt: skip
    return connections.configure(tenant=tenant, by=by, **values)


def require(tenant: Any, *, by: Any) -> None:
    connections.test(tenant=tenant, redirect_uri="http://alpha.localhost/x/", by=by)
    connections.set_required(tenant=tenant, required=True, by=by)
