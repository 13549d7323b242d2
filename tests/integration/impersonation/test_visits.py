"""What an operator looks at is written down on both sides."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.impersonation.models import Impersonation, Visit
from apps.impersonation.services import impersonations, visits


def noted():
    return [(v.method, v.path, v.status, v.times) for v in Visit.objects.all()]


def test_every_address_is_one_row_in_order(come_in, owner):
    client = come_in(owner)
    for path in ("/members/", "/audit/?q=tom", "/members/", "/api/v1/releases/"):
        client.get(path)
    assert noted() == [
        ("GET", "/members/", 200, 2), ("GET", "/audit/", 200, 1),
        ("GET", "/api/v1/releases/", 200, 1),
    ]  # fmt: skip


def test_refusals_too(come_in, owner):
    come_in(owner).post("/settings/", {"name": "Mine"})
    assert noted() == [("POST", "/settings/", 403, 1)]


def test_a_request_costs_one_statement_more(come_in, owner, django_assert_num_queries):
    come_in(owner).get("/members/")
    record = Impersonation.objects.get()
    about = {"record": record, "method": "GET", "path": "/members/", "status": 200}
    with django_assert_num_queries(1):
        visits.note(**about)


def test_nobody_elses_request_is_noted(browse, owner):
    browse(owner).get("/members/")
    assert noted() == []


def test_the_workspace_reads_it(come_in, browse, owner, teacher, operator):
    come_in(teacher).get("/releases/")
    page = browse(owner).get("/audit/operators/").content.decode()
    assert f"{operator.email} as {teacher.email}" in page
    assert "Ticket 4711" in page
    assert "/releases/" in page
    assert "In now" in page


def test_and_nobody_else(come_in, browse, beta, outsider, teacher):
    come_in(teacher).get("/releases/")
    assert browse(teacher).get("/audit/operators/").status_code == 403
    theirs = browse(outsider, tenant=beta).get("/audit/operators/").content.decode()
    assert "Ticket 4711" not in theirs


def test_the_list_costs_the_same_whatever_was_seen(
    come_in, browse, owner, teacher, django_assert_max_num_queries
):
    for _ in range(3):
        client = come_in(teacher)
        for path in ("/releases/", "/members/", "/classes/"):
            client.get(path)
    reader = browse(owner)
    reader.get("/audit/operators/")
    with django_assert_max_num_queries(14):
        reader.get("/audit/operators/")


def test_both_audits_have_it_at_the_end(come_in, teacher):
    client = come_in(teacher)
    client.get("/releases/")
    client.post("/impersonation/end/")
    told = AuditEntry.objects.filter(action="impersonation.ended")
    assert set(told.values_list("schema_name", flat=True)) == {"w_alpha", "public"}
    assert told[0].data["looked_at"] == ["GET /releases/"]


def test_of_very_many_the_audit_has_the_first(come_in, teacher, monkeypatch):
    monkeypatch.setattr(visits, "IN_AUDIT", 1)
    client = come_in(teacher)
    client.get("/releases/")
    client.get("/members/")
    record = Impersonation.objects.get()
    assert visits.summary(record=record) == {"looked_at": ["GET /releases/"], "and_more": True}


def test_time_that_is_over_is_written_down_without_the_operator(come_in, teacher):
    come_in(teacher).get("/releases/")
    over = timezone.now() - timedelta(seconds=1)
    Impersonation.objects.update(expires_at=over)
    assert impersonations.end_expired() == 1
    assert impersonations.end_expired() == 0
    assert Impersonation.objects.get().ended_at is not None
    assert AuditEntry.objects.filter(action="impersonation.ended").count() == 2


@pytest.mark.parametrize("path", ["/members/", "/nothing/is/here/", "/audit/operators/"])
def test_the_page_in_the_console_has_it(come_in, owner, path):
    come_in(owner).get(path)
    assert Impersonation.objects.get().deeds[0].path == path
