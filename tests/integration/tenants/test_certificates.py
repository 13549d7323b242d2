"""What TLS proxies ask and read."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command
from django.test import Client

from apps.tenants import middleware
from apps.tenants.services import addresses, domains


@pytest.fixture
def wish(alpha, owner):
    return domains.add(tenant=alpha, domain="lab.school.example", by=owner)


@pytest.fixture
def served(wish, owner, name_server):
    name_server.publish(wish)
    return domains.verify(domain=wish, by=owner)


def ask(domain, host="localhost", **headers):
    client = Client(SERVER_NAME=host)
    return client.get("/internal/tls/ask", {"domain": domain}, headers=headers).status_code


def test_hosts_that_are_served_may_have_a_certificate(served, alpha, owner):
    addresses.rename(tenant=alpha, slug="omega", by=owner)
    hosts = ["localhost", "omega.localhost", "alpha.localhost", "lab.school.example"]
    assert {host: ask(host) for host in hosts} == dict.fromkeys(hosts, 200)


@pytest.mark.parametrize("host", ["", "nobody.localhost", "lab.school.example", "x" * 300, "\x00"])
def test_others_may_not(wish, host):
    assert ask(host) == 404


def test_the_case_and_a_last_dot_do_not_matter(served):
    assert ask("LAB.school.example.") == 200


def test_one_question_costs_one_query(served, own_redis, django_assert_num_queries):
    with django_assert_num_queries(1):
        ask("lab.school.example")
    with django_assert_num_queries(1):
        ask("nobody.example")


def test_it_is_asked_on_loopback_in_production_too(served, settings):
    settings.PUBLIC_HOSTS = {"toolboxai.example"}
    assert ask("lab.school.example", host="127.0.0.1") == 200
    assert Client(SERVER_NAME="127.0.0.1").get("/workspaces/").status_code == 404


def test_it_is_asked_before_there_is_tls(served, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert ask("lab.school.example") == 200


def test_nobody_outside_asks_through_the_proxy(served):
    assert ask("lab.school.example", **{"x-forwarded-for": "203.0.113.9"}) == 404


def test_there_is_an_end_to_asking(served, own_redis, settings):
    settings.TLS_ASKS_A_MINUTE = 2
    assert [ask("lab.school.example") for _ in range(3)] == [200, 200, 429]


def test_the_address_is_where_the_middleware_lets_it_through():
    assert middleware.TLS_ASK == "/internal/tls/ask"


@pytest.mark.parametrize(
    ("form", "line"),
    [("nginx-map", "lab.school.example alpha;"), ("caddy", "lab.school.example")],
)
def test_the_command_prints_them_for_proxies(served, beta, capsys, form, line):
    call_command("tenant", "domains", format=form)
    lines = [line.rstrip(",") for line in capsys.readouterr().out.splitlines()]
    assert line in lines
    assert len(lines) == 3


def test_or_for_programs(served, wish, capsys):
    call_command("tenant", "domains")
    rows = json.loads(capsys.readouterr().out)
    assert {"domain": "lab.school.example", "workspace": "alpha", "kind": "custom"} in rows
