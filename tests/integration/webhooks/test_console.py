from __future__ import annotations

import pytest

from apps.tenants.access import Operator
from apps.webhooks.models import Endpoint
from apps.webhooks.services import endpoints
from tests.factories.accounts import UserFactory


@pytest.fixture
def operator(db):
    return Operator(UserFactory(is_staff=True))


def test_an_operator_switches_off_and_the_owners_hear_of_it(endpoint, operator, owner, mailoutbox):
    from tests.factories.jobs import work_off

    reason = Endpoint.Reason.OPERATOR
    endpoints.disable(endpoint=endpoint, by=operator, reason=reason)
    work_off()
    assert mailoutbox[-1].to == [owner.email]
    assert "An operator of this installation switched off" in mailoutbox[-1].body


def test_what_prometheus_is_told_names_no_customer(endpoint):
    from apps.core import metrics

    shown = metrics.render().decode()
    assert 'toolboxai_webhook_endpoints{state="active"} 1.0' in shown
    assert "127.0.0.1" not in shown
