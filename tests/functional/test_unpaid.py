"""What an owner sees while an invoice stays unpaid: on every page, and on those of billing."""

from __future__ import annotations

import secrets

import pytest

from tests.functional.test_every_page import look_over
from tests.processes.embedded.waiting import wait_until

BILLING, PROBLEMS = "/settings/billing/", "/settings/billing/payment-problems/"
STAGES = (
    (0, "A payment did not go through", "unpaid"),
    (11, "This workspace is read-only until it is paid for", "unpaid-read-only"),
    (4, "This workspace is suspended until it is paid for", "unpaid-suspended"),
    (17, "Your subscription of School ended on", "unpaid-ended"),
)
RUN = "from tests.functional import unpaid; unpaid"


@pytest.mark.timeout(600)
def test_from_the_first_refusal_to_the_end(visit, product):
    password = secrets.token_urlsafe(16)
    told = product.manage("shell", "-c", f"{RUN}.begin({password!r})")
    slug, email = told.split()[-2:]
    owner = visit()
    here = product.workspace(slug)
    owner.sign_in(here, email, password)
    for days, state, shot in STAGES:
        if days:
            product.manage("shell", "-c", f"{RUN}.wait({slug!r}, {email!r}, {days})")
        wait_until(lambda: state in owner.open(f"{here}{BILLING}").content(), 60)  # noqa: B023
        for path, name in (("/", ""), (BILLING, shot), (PROBLEMS, f"{shot}-problems")):
            look_over(owner, here + path, name)
