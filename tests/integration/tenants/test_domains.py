"""Custom domains, verified at a name server on loopback."""

from __future__ import annotations

from datetime import timedelta

import dns.rcode
import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.services import emails
from apps.core import dns_api
from apps.core.dns_api import DnsUnavailable
from apps.core.errors import Invalid, NotFound
from apps.tenants import tasks
from apps.tenants.errors import (
    DomainNotVerified,
    DomainTaken,
    PermissionMissing,
    TooManyDomains,
)
from apps.tenants.models import Domain, Tenant
from apps.tenants.services import addresses, domains
from tests.factories.accounts import PASSWORD
from tests.factories.jobs import work_off

NAME = "lab.school.example"


@pytest.fixture
def wish(alpha, owner):
    return domains.add(tenant=alpha, domain=NAME, by=owner)


@pytest.fixture
def served(wish, owner, name_server):
    name_server.publish(wish)
    return domains.verify(domain=wish, by=owner)


def age(domain, **ago):
    """Let the moments in `ago` lie so far back."""
    moments = {field: timezone.now() - span for field, span in ago.items()}
    Domain.objects.filter(pk=domain.pk).update(**moments)
    domain.refresh_from_db()


class TestVerifying:
    def test_a_wish_is_not_served(self, wish):
        assert (wish.state, wish.record_name) == ("waiting", f"_toolboxai.{NAME}")
        assert Client(SERVER_NAME=NAME).get("/").status_code == 404

    def test_its_record_has_it_served(self, served, alpha, browse, owner):
        assert served.state == "verified"
        assert "Alpha" in Client(SERVER_NAME=NAME).get("/accounts/login/").content.decode()

    def test_other_records_beside_it_do_no_harm(self, wish, owner, name_server):
        name_server.records[wish.record_name] = ["v=spf1 -all", wish.record_value]
        assert domains.verify(domain=wish, by=owner).is_live

    def test_a_long_record_is_joined(self, wish, name_server):
        assert dns_api.texts(wish.record_name) == []
        name_server.records[wish.record_name] = ["x" * 200]
        assert dns_api.texts(wish.record_name) == ["x" * 200]

    @pytest.mark.parametrize(
        ("found", "said"), [([], "There is no TXT record"), (["other"], "says something else: oth")]
    )
    def test_a_missing_record_is_told(self, wish, owner, name_server, found, said):
        name_server.records[wish.record_name] = found
        with pytest.raises(DomainNotVerified, match=said) as caught:
            domains.verify(domain=wish, by=owner)
        assert caught.value.extra["record_value"] == wish.record_value
        assert not Domain.objects.get(pk=wish.pk).is_live

    def test_a_broken_name_server_is_told_apart(self, wish, owner, name_server):
        name_server.otherwise = dns.rcode.SERVFAIL
        with pytest.raises(DnsUnavailable, match="did not answer"):
            domains.verify(domain=wish, by=owner)

    def test_a_silent_one_too(self, wish, owner, name_server, monkeypatch):
        monkeypatch.setattr(dns_api._resolver(name_server.address), "lifetime", 0.2)
        name_server.is_silent = True
        with pytest.raises(DnsUnavailable, match="did not answer"):
            domains.verify(domain=wish, by=owner)

    def test_wishing_twice_gives_the_same_token(self, wish, alpha, owner):
        assert domains.add(tenant=alpha, domain=f" {NAME.upper()}. ", by=owner) == wish

    def test_there_are_ten_at_most(self, alpha, owner):
        for number in range(10):
            domains.add(tenant=alpha, domain=f"d{number}.example.org", by=owner)
        with pytest.raises(TooManyDomains):
            domains.add(tenant=alpha, domain="d10.example.org", by=owner)

    def test_what_can_be_nobodys_own_is_refused(self, alpha, owner):
        with pytest.raises(Invalid):
            domains.add(tenant=alpha, domain="beta.localhost", by=owner)


class TestTwoWorkspaces:
    @pytest.fixture
    def rival(self, beta, outsider, wish):
        return domains.add(tenant=beta, domain=NAME, by=outsider)

    def test_a_wish_keeps_nobody_out(self, wish, rival, outsider, name_server):
        name_server.publish(rival)
        assert domains.verify(domain=rival, by=outsider).is_live
        assert wish.token != rival.token

    def test_one_domain_leads_to_one(self, rival, served, outsider, name_server):
        name_server.records[served.record_name] += [rival.record_value]
        with pytest.raises(DomainTaken, match="Remove the other value"):
            domains.verify(domain=rival, by=outsider)

    def test_a_domain_that_changed_hands_moves(self, rival, served, outsider, name_server):
        name_server.publish(rival)
        domains.verify(domain=rival, by=outsider)
        served.refresh_from_db()
        assert (served.state, served.is_live) == ("off", False)
        assert "Beta" in Client(SERVER_NAME=NAME).get("/accounts/login/").content.decode()

    def test_another_workspaces_domain_is_as_none(self, rival, alpha):
        with pytest.raises(NotFound):
            domains.find(tenant=alpha, pk=rival.pk)

    @pytest.mark.parametrize("who", ["admin", "teacher", "outsider"])
    def test_only_owners_change_them(self, wish, alpha, request, who):
        person = request.getfixturevalue(who)
        for deed in (
            lambda: domains.add(tenant=alpha, domain="x.example.org", by=person),
            lambda: domains.verify(domain=wish, by=person),
            lambda: domains.remove(domain=wish, by=person),
            lambda: domains.make_main(tenant=alpha, domain=wish, by=person),
        ):
            with pytest.raises(PermissionMissing):
                deed()


class TestServing:
    def test_people_sign_in_there(self, served, teacher):
        emails.mark_verified(user=teacher)
        client = Client(SERVER_NAME=NAME, enforce_csrf_checks=True)
        client.get("/accounts/login/")
        form = {
            "login": teacher.email,
            "password": PASSWORD,
            "csrfmiddlewaretoken": client.cookies["csrf"].value,
        }
        answer = client.post("/accounts/login/", form, headers={"origin": f"http://{NAME}"})
        assert answer.status_code == 302
        assert client.get("/members/").status_code == 200

    def test_a_session_of_the_own_address_does_not_hold_there(self, served, browse, owner):
        own = browse(owner)
        there = Client(SERVER_NAME=NAME)
        assert own.get("/members/").status_code == 200
        assert there.get("/members/").status_code == 302

    def test_links_lead_there_when_wished(self, served, alpha, owner):
        main = domains.make_main(tenant=alpha, domain=served, by=owner)
        assert main.url == alpha.url.replace(alpha.own_host, NAME)
        back = domains.make_main(tenant=alpha, domain=None, by=owner)
        assert back.host == alpha.own_host

    def test_an_unverified_one_cannot_be_the_main_one(self, wish, alpha, owner):
        with pytest.raises(DomainNotVerified):
            domains.make_main(tenant=alpha, domain=wish, by=owner)

    def test_a_new_address_changes_nothing_about_it(self, served, alpha, owner):
        domains.make_main(tenant=alpha, domain=served, by=owner)
        renamed = addresses.rename(tenant=alpha, slug="omega", by=owner)
        assert renamed.host == NAME

    def test_removed_it_leads_nowhere(self, served, alpha, owner):
        domains.make_main(tenant=alpha, domain=served, by=owner)
        domains.remove(domain=served, by=owner)
        assert Client(SERVER_NAME=NAME).get("/").status_code == 404
        assert Tenant.objects.get(pk=alpha.pk).host == alpha.own_host

    def test_nothing_is_said_about_the_hosts_beside_it(self, served, settings):
        settings.SECURE_HSTS_SECONDS = 3600
        settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
        answer = Client(SERVER_NAME=NAME).get("/accounts/login/", secure=True)
        assert answer["Strict-Transport-Security"] == "max-age=3600"


class TestLookingAfter:
    def test_a_fresh_wish_is_looked_at_hourly(self, wish, name_server):
        name_server.publish(wish)
        assert tasks.check_domains() == 1
        assert tasks.check_domains() == 0, "the job is under way already"
        work_off()
        wish.refresh_from_db()
        assert wish.state == "verified"
        assert list(domains.due()) == []

    def test_an_old_wish_is_not(self, wish):
        age(wish, created_at=timedelta(days=8))
        assert list(domains.due()) == []

    def test_a_served_one_is_looked_at_daily(self, served):
        age(served, checked_at=timedelta(hours=23))
        assert list(domains.due()) == []
        age(served, checked_at=timedelta(hours=24))
        assert list(domains.due()) == [served]

    def test_a_vanished_record_is_told_once_and_served_on(
        self, served, owner, name_server, mailoutbox
    ):
        name_server.records.clear()
        assert [domains.check(domain=served) for _ in range(2)] == ["unseen", "unseen"]
        work_off()
        assert [(mail.to[0], mail.subject) for mail in mailoutbox] == [
            (owner.email, f"The record of {NAME} has vanished")
        ]
        assert Client(SERVER_NAME=NAME).get("/accounts/login/").status_code == 200

    def test_after_three_days_it_is_switched_off(self, served, owner, name_server, mailoutbox):
        name_server.records.clear()
        domains.check(domain=served)
        age(served, missing_since=timedelta(days=3))
        assert domains.check(domain=served) == "off"
        work_off()
        assert mailoutbox[-1].subject == f"{NAME} is switched off"
        assert Client(SERVER_NAME=NAME).get("/").status_code == 404

    def test_a_record_that_comes_back_is_all_right(self, served, name_server):
        name_server.records.clear()
        domains.check(domain=served)
        name_server.publish(served)
        assert domains.check(domain=served) == "verified"

    def test_silence_is_no_answer(self, served, name_server):
        name_server.records.clear()
        name_server.otherwise = dns.rcode.SERVFAIL
        with pytest.raises(DnsUnavailable):
            domains.check(domain=served)
        served.refresh_from_db()
        assert served.state == "verified"

    def test_one_that_was_switched_off_is_verified_anew(self, served, owner, name_server):
        name_server.records.clear()
        age(served, missing_since=timedelta(days=3))
        domains.check(domain=served)
        name_server.publish(served)
        assert domains.verify(domain=served, by=owner).state == "verified"


class TestPage:
    def test_it_shows_the_records_to_publish(self, wish, browse, owner):
        page = browse(owner).get("/settings/domains/").content.decode()
        assert wish.record_name in page
        assert wish.record_value in page

    def test_letters_are_shown_beside_punycode(self, alpha, browse, owner):
        domains.add(tenant=alpha, domain="schule-münchen.example", by=owner)
        page = browse(owner).get("/settings/domains/").content.decode()
        assert "xn--schule-mnchen-3ob.example" in page
        assert "schule-münchen.example" in page

    def test_the_whole_way(self, alpha, browse, owner, name_server):
        client = browse(owner)
        assert client.post("/settings/domains/", {"domain": NAME}).status_code == 302
        made = alpha.domains.get(kind="custom")
        verify = f"/settings/domains/{made.pk}/verify/"
        said = client.post(verify, follow=True).content.decode()
        assert "There is no TXT record" in said
        assert "Not yet" in said
        name_server.publish(made)
        assert "leads here now" in client.post(verify, follow=True).content.decode()
        client.post("/settings/domains/main/", {"domain": made.pk})
        assert Tenant.objects.get(pk=alpha.pk).host == NAME
        client.post(f"/settings/domains/{made.pk}/remove/")
        assert not alpha.domains.filter(kind="custom").exists()

    def test_nonsense_is_told_at_the_field(self, browse, owner):
        answer = browse(owner).post("/settings/domains/", {"domain": "*.school.example"})
        assert answer.status_code == 422
        assert "wildcard" in answer.content.decode()

    def test_an_admin_looks_and_leaves_it_alone(self, wish, browse, admin):
        client = browse(admin)
        assert "Add a domain" not in client.get("/settings/domains/").content.decode()
        assert client.post("/settings/domains/", {"domain": "x.example.org"}).status_code == 403
