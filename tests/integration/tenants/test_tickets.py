from __future__ import annotations

import pytest

from apps.tenants.errors import PermissionMissing, TicketRefused
from apps.tenants.models import Tenant
from apps.tenants.services import tickets


def ticket_of(url):
    return url.partition("ticket=")[2]


@pytest.fixture
def ticket(alpha, teacher):
    return ticket_of(tickets.issue(tenant=alpha, by=teacher))


def test_a_ticket_leads_to_the_workspaces_host(alpha, teacher):
    url = tickets.issue(tenant=alpha, by=teacher)
    assert url.startswith(f"{alpha.url}/enter/?ticket=")


def test_it_lets_its_owner_in(alpha, teacher, ticket):
    assert tickets.redeem(ticket=ticket, tenant=alpha).user == teacher


def test_it_is_good_for_one_use(alpha, ticket):
    tickets.redeem(ticket=ticket, tenant=alpha)
    with pytest.raises(TicketRefused):
        tickets.redeem(ticket=ticket, tenant=alpha)


def test_another_workspace_refuses_and_burns_it(alpha, beta, ticket):
    for tenant in (beta, alpha):
        with pytest.raises(TicketRefused):
            tickets.redeem(ticket=ticket, tenant=tenant)


@pytest.mark.parametrize("made_up", ["", "x", "*"])
def test_a_made_up_one_is_refused(alpha, made_up):
    with pytest.raises(TicketRefused):
        tickets.redeem(ticket=made_up, tenant=alpha)


def test_a_locked_out_person_is_refused(alpha, teacher, ticket):
    teacher.is_active = False
    teacher.save()
    with pytest.raises(TicketRefused):
        tickets.redeem(ticket=ticket, tenant=alpha)


def test_a_ticket_lives_a_minute(ticket):
    assert 0 < tickets._redis().ttl(tickets._key(ticket)) <= 60


def test_redis_never_sees_the_ticket_itself(ticket):
    assert ticket not in tickets._key(ticket)


def test_outsiders_get_none(alpha, outsider):
    with pytest.raises(PermissionMissing):
        tickets.issue(tenant=alpha, by=outsider)


def test_a_workspace_that_is_not_ready_has_no_entrance(alpha, teacher):
    alpha.state = Tenant.State.PROVISIONING
    with pytest.raises(TicketRefused, match="being set up"):
        tickets.issue(tenant=alpha, by=teacher)
