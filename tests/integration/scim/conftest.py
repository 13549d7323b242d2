from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.utils import timezone

from apps.core import rates
from apps.scim.services import requests
from apps.tenants.models import Domain
from tests.factories.scim import scim_token


@pytest.fixture(autouse=True)
def _no_requests_yet():
    rates._storage(settings.REDIS_URL).reset()


@pytest.fixture
def uncleared(monkeypatch):
    """The log is not cleared just now, which takes a query more."""
    monkeypatch.setattr(requests, "CLEARED_EVERY", 10**12)


@pytest.fixture
def scim(browse, alpha):
    """An identity provider with a token of Alpha: `scim("GET", "/Users")`."""
    return provider(browse(), scim_token(alpha))


@pytest.fixture
def verified(alpha):
    """Alpha has shown that school.example is its own."""
    return Domain.objects.create(
        domain="school.example", tenant=alpha, kind="custom", is_live=True, is_primary=False,
        verified_at=timezone.now(),
    )  # fmt: skip


def provider(client, secret):
    def call(method, path, body=None, **headers):
        response = client.generic(
            method, f"/scim/v2{path}",
            data=json.dumps(body) if body is not None else "",
            content_type="application/scim+json",
            headers={"Authorization": f"Bearer {secret}", **headers},
        )  # fmt: skip
        content = response.content
        return SimpleNamespace(
            status=response.status_code, headers=response.headers,
            body=json.loads(content) if content else None,
        )  # fmt: skip

    return call
