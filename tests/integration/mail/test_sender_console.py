"""Sender domains in the operator console, and as numbers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.core import metrics
from apps.mail.models import SenderDomain
from apps.mail.sender_models import STATES

LIST = "/operator/mail/senderdomain/"
EARLIER = timezone.now() - timedelta(hours=9)
ROWS = {
    "preparing": {"signer": "sendgrid"},
    "failed": {"signer": "sendgrid", "failed_at": EARLIER, "problem": "It answered 400."},
    "waiting": {"signer": "own", "selector": "tbx1", "private_key": "a secret key"},
    "verified": {"signer": "sendgrid", "vendor_id": "1", "is_live": True, "verified_at": EARLIER,
                 "checked_at": EARLIER},
    "unseen": {"signer": "sendgrid", "vendor_id": "2", "is_live": True, "verified_at": EARLIER,
               "checked_at": timezone.now(), "missing_since": EARLIER},
    "off": {"signer": "sendgrid", "vendor_id": "3", "verified_at": EARLIER},
}  # fmt: skip


@pytest.fixture
def domains(alpha):
    return {
        state: SenderDomain.objects.create(
            tenant=alpha, domain=f"{state}.example", local_part="hello", **values
        )
        for state, values in ROWS.items()
    }


def test_the_state_of_a_row_is_that_of_the_list(domains):
    assert set(domains) == set(STATES)
    for state, row in domains.items():
        assert row.state == state
        assert list(SenderDomain.objects.in_state(state)) == [row]


def test_they_are_searched_filtered_and_looked_into(console, domains):
    assert "waiting.example" in console.get(f"{LIST}?q=waiting.ex").content.decode()
    page = console.get(f"{LIST}?state=failed").content.decode()
    assert "It answered 400." in page
    assert "waiting.example" not in page
    detail = console.get(f"{LIST}{domains['waiting'].pk}/change/").content.decode()
    assert "a secret key" not in detail
    assert STATES["waiting"][0] in detail


def test_an_operator_has_one_looked_at_again(console, domains, alpha, name_server):
    domain = domains["waiting"]
    domain.records = [{
        "purpose": "dkim", "kind": "TXT", "name": "tbx1._domainkey.waiting.example",
        "value": "v=DKIM1; p=AAAA", "is_required": True, "state": "unknown", "found": [],
    }]  # fmt: skip
    domain.save()
    wish = {"action": "recheck", "_selected_action": str(domain.pk), "confirmed": "yes"}
    assert "Not there yet" in console.post(LIST, wish, follow=True).content.decode()
    name_server.records["tbx1._domainkey.waiting.example"] = ["v=DKIM1; p=AAAA"]
    console.post(LIST, wish)
    domain.refresh_from_db()
    assert domain.state == "verified"
    noted = AuditEntry.objects.filter(action="sender_domain.rechecked")
    assert set(noted.values_list("schema_name", "actor_label")) == {
        (alpha.schema_name, "operator olga@toolboxai.example")
    }
    detail = console.get(f"{LIST}{domain.pk}/change/").content.decode()
    assert "sender_domain.verified" in detail


def test_what_sendgrid_did_not_take_is_told_to_it_again(console, domains):
    domain = domains["failed"]
    wish = {"action": "recheck", "_selected_action": str(domain.pk), "confirmed": "yes"}
    console.post(LIST, wish)
    domain.refresh_from_db()
    assert domain.state == "preparing"


def test_the_list_asks_the_database_as_often_for_many(console, alpha, domains):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            assert console.get(LIST).status_code == 200
        return len(queries)

    asked()
    few = asked()
    for number in range(8):
        SenderDomain.objects.create(
            tenant=alpha, domain=f"more{number}.example", local_part="a", signer="sendgrid"
        )
    assert asked() == few


def test_it_is_for_operators(browse, owner):
    assert browse(owner, tenant=None).get(LIST).status_code == 302


def test_they_are_counted_by_state(domains):
    text = metrics.render().decode()
    for state in STATES:
        assert f'toolboxai_sender_domains{{state="{state}"}} 1.0' in text
    assert "toolboxai_sender_domain_oldest_check_seconds 0.0" not in text
