from __future__ import annotations

import pytest

from config import redaction
from config.settings import logs

TOKEN = ("aB3_x-9Zq7" * 5)[:44]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (f"/enter/?ticket={TOKEN}", "/enter/?ticket=…"),
        (f"/enter/?a=1&ticket={TOKEN}&b=2", "/enter/?a=1&ticket=…&b=2"),
        (f"/invitations/{TOKEN[:43]}/", "/invitations/…/"),
        ("/accounts/password/reset/key/1f-cq8k-abc/", "/accounts/password/reset/key/…/"),
        ("/accounts/confirm-email/MQ:1abc:def/", "/accounts/confirm-email/…/"),
    ],
)
def test_one_time_links_stay_out_of_sight(address, shown):
    assert redaction.hide(f"GET {address}") == f"GET {shown}"


@pytest.mark.parametrize(
    "address",
    ["/invitations/01a2063c-3429-7ba1-b8f3-0caf81eed52b/join/", "/releases/?experience=lab"],
)
def test_other_addresses_stay_readable(address):
    assert redaction.hide(address) == address


def test_every_log_line_passes_by():
    assert redaction.hide_in_log in logs._processors
    line = {"request": f"GET /enter/?ticket={TOKEN}", "code": 200}
    assert redaction.hide_in_log(None, "", line) == {"request": "GET /enter/?ticket=…", "code": 200}


def test_reports_are_cleaned_to_their_depths():
    report = {"request": {"query_string": f"ticket={TOKEN}"}, "crumbs": [f"&ticket={TOKEN}"]}
    assert TOKEN not in str(redaction.hide_in_report(report, {}))
