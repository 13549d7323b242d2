"""Lists that have no test of their own: as many queries for one row as for many."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.tenants.models import Invitation
from apps.transfers.models import Export


def invitations(alpha, number):
    for n in range(number):
        Invitation.objects.create(
            tenant=alpha, email=f"{number}-{n}@x.example", role="teacher",
            token_hash=f"{number}-{n}", expires_at=timezone.now() + timedelta(days=1),
        )  # fmt: skip


def exports(alpha, number):
    for _ in range(number):
        Export.objects.create(tenant=alpha, state="failed", asked_by="x", problem="It failed.")


@pytest.mark.parametrize("fill", [invitations, exports])
def test_a_list_costs_the_same_whatever_its_length(browse, owner, alpha, fill):
    client, path = browse(owner), f"/api/v1/{fill.__name__}/"

    def asked():
        with CaptureQueriesContext(connection) as queries:
            rows = client.get(path).json()["results"]
        return len(rows), len(queries)

    fill(alpha, 1)
    asked()
    few, many = asked(), (fill(alpha, 5), asked())[1]
    assert (few[0], many[0]) == (1, 6)
    assert few[1] == many[1]
