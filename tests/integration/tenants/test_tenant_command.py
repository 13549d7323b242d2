"""`manage.py tenant`: each verb does what its service does, and says so."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import CommandParser

from apps.tenants.management.commands.tenant import Command
from apps.tenants.models import Tenant
from apps.tenants.services import lifecycle

NAME = "lab.school.example"


@pytest.fixture
def tenant(capsys, alpha):
    """`tenant("show", "alpha")` is what the command prints."""

    def run(*words, **options):
        call_command("tenant", *words, **options)
        return capsys.readouterr().out

    return run


def test_suspending_and_resuming(tenant, alpha):
    assert "Alpha is suspended: Unpaid." in tenant("suspend", "alpha", reason="Unpaid")
    assert "by the operators: Unpaid." in tenant("show", "alpha")
    assert "open again" in tenant("resume", "alpha")
    alpha.refresh_from_db()
    assert alpha.state == "active"


def test_deleting_and_keeping(tenant, alpha):
    said = tenant("delete", "alpha", confirm="alpha", grace_days=7, reason="Asked by mail")
    assert "manage.py tenant keep alpha" in said
    assert "Alpha stays and is active." in tenant("keep", "alpha")


def test_the_address_is_asked_for(tenant, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda _question: "beta")
    with pytest.raises(CommandError, match="Type alpha"):
        tenant("delete", "alpha")


def test_removing_at_once(tenant, alpha):
    assert "has been removed" in tenant("delete", "alpha", confirm="alpha", now=True)
    assert not Tenant.objects.filter(pk=alpha.pk).exists()


def test_a_removal_that_was_cut_short_goes_on(tenant, alpha):
    lifecycle.delete(tenant=alpha, confirmation="alpha", by=None, grace_days=0)
    Tenant.objects.filter(pk=alpha.pk).update(state="purging")
    assert "has been removed" in tenant("delete", "alpha", confirm="alpha", now=True)


def test_another_address(tenant):
    assert "alpha.localhost redirects there" in tenant("rename", "alpha", "omega")


def test_a_domains_whole_way(tenant, alpha, name_server):
    record, target = tenant("domain", "add", "alpha", NAME).splitlines()
    assert record.startswith(f'_toolboxai.{NAME}. IN TXT "toolboxai-verification=')
    assert target == f"{NAME}. IN CNAME alpha.localhost."
    name_server.publish(alpha.domains.get(domain=NAME))
    assert f"{NAME} leads to Alpha now." in tenant("domain", "verify", "alpha", NAME)
    assert f"http://{NAME}" in tenant("domain", "main", "alpha", NAME)
    assert "verified" in tenant("domain", "list", "alpha")
    assert "http://alpha.localhost" in tenant("domain", "main", "alpha", "alpha.localhost")
    assert "does not lead" in tenant("domain", "remove", "alpha", NAME)


def test_lists_are_narrowed_and_read_by_programs(tenant, beta):
    lifecycle.suspend(tenant=beta, reason="Unpaid", by=None)
    rows = [json.loads(line) for line in tenant("list", state="suspended", json=True).splitlines()]
    assert [(row["slug"], row["members"]) for row in rows] == [("beta", 0)]
    assert json.loads(tenant("show", "alpha", json=True))["hosts"] == ["alpha.localhost (own)"]


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (("resume", "alpha"), {}),
        (("keep", "alpha"), {}),
        (("suspend", "nobody"), {"reason": "x"}),
        (("rename", "alpha", "admin"), {}),
        (("domain", "add", "alpha", "co.uk"), {}),
        (("domain", "verify", "alpha", NAME), {}),
        (("delete", "alpha"), {"confirm": "beta"}),
    ],
)
def test_a_refusal_is_a_sentence(tenant, words, options):
    with pytest.raises(CommandError, match=r"[A-Za-z].*\."):
        tenant(*words, **options)


def test_a_subclass_adds_verbs():
    class More(Command):
        def add_verbs(self, verbs):
            super().add_verbs(verbs)
            verbs.add_parser("greet").add_argument("slug")

    parser = CommandParser()
    More().add_arguments(parser)
    assert parser.parse_args(["greet", "alpha"]).verb == "greet"
    assert parser.parse_args(["show", "alpha"]).slug == "alpha"
