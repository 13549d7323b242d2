"""Sender domains: records looked up at a name server on loopback, mail signed and checked."""

from __future__ import annotations

from datetime import timedelta

import dkim
import pytest
from django.db import connection
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.core.errors import Invalid, NotFound
from apps.mail import outbox
from apps.mail.errors import SenderDomainKnown, SenderDomainNotVerified
from apps.mail.models import Message, SenderDomain
from apps.mail.services import sender_domains
from apps.tenants.errors import PermissionMissing
from apps.usage.errors import LimitReached
from tests.factories.jobs import work_off

NAME = "school.example"


def publish(name_server, domain):
    for record in domain.records:
        name_server.records[record["name"]] = [record["value"]]


@pytest.fixture
def wish(alpha, owner):
    return sender_domains.add(tenant=alpha, domain=NAME, by=owner)


@pytest.fixture
def verified(wish, owner, name_server):
    publish(name_server, wish)
    return sender_domains.verify(domain=wish, by=owner)


@pytest.fixture
def outbox_dir(settings, tmp_path):
    settings.MAIL_OUTBOX_DIR = tmp_path
    settings.EMAIL_BACKEND = "apps.mail.outbox.OutboxBackend"
    settings.MAIL_PROVIDER = "outbox"
    return tmp_path


def age(domain, **ago):
    moments = {field: timezone.now() - span for field, span in ago.items()}
    SenderDomain.objects.filter(pk=domain.pk).update(**moments)
    domain.refresh_from_db()


def states(domain):
    return {record["purpose"]: record["state"] for record in domain.records}


class TestSettingUp:
    def test_the_records_say_what_to_publish(self, wish):
        by_purpose = {record["purpose"]: record for record in wish.records}
        assert by_purpose["dkim"]["name"] == f"{wish.selector}._domainkey.{NAME}"
        assert by_purpose["dkim"]["value"].startswith("v=DKIM1; k=rsa; p=")
        assert by_purpose["spf"]["value"] == "v=spf1 include:localhost ~all"
        assert by_purpose["dmarc"]["name"] == f"_dmarc.{NAME}"
        assert (wish.state, wish.address) == ("waiting", f"hello@{NAME}")

    def test_the_key_is_unreadable_in_the_database(self, wish):
        table = SenderDomain._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT private_key FROM public.{table}")  # noqa: S608
            assert "PRIVATE KEY" not in cursor.fetchone()[0]
        assert "PRIVATE KEY" in SenderDomain.objects.get(pk=wish.pk).private_key

    def test_each_record_says_what_was_found_instead(self, wish, owner, name_server):
        publish(name_server, wish)
        name_server.records[f"{wish.selector}._domainkey.{NAME}"] = ["v=DKIM1; k=rsa; p=AAAA"]
        name_server.records[NAME] = ["v=spf1 mx -all", "v=spf1 include:localhost -all"]
        with pytest.raises(SenderDomainNotVerified) as refusal:
            sender_domains.verify(domain=wish, by=owner)
        found = {record["purpose"]: record for record in refusal.value.extra["records"]}
        assert found["dkim"]["state"] == "different"
        assert found["dkim"]["found"] == ["v=DKIM1; k=rsa; p=AAAA"]
        assert found["spf"]["state"] == "doubled"
        assert found["dmarc"]["state"] == "found"

    def test_what_is_recommended_holds_nothing_up(self, wish, owner, name_server):
        dkim_record = next(r for r in wish.records if r["purpose"] == "dkim")
        name_server.records[dkim_record["name"]] = [dkim_record["value"]]
        verified = sender_domains.verify(domain=wish, by=owner)
        assert verified.state == "verified"
        assert states(verified) == {"dkim": "found", "spf": "missing", "dmarc": "missing"}

    def test_owners_hear_and_the_audit_knows(self, verified, owner):
        told = Message.objects.get(template="mail/sender_verified")
        assert told.to == owner.email
        actions = AuditEntry.objects.filter(action__startswith="sender_domain.")
        assert set(actions.values_list("action", flat=True)) == {
            "sender_domain.added", "sender_domain.verified",
        }  # fmt: skip

    def test_the_plan_limits_how_many(self, wish, alpha, owner):
        with pytest.raises(LimitReached):
            sender_domains.add(tenant=alpha, domain="other.example", by=owner)

    def test_the_same_again_is_refused(self, wish, alpha, owner, monkeypatch):
        monkeypatch.setattr(sender_domains.limits, "require", lambda *_, **__: None)
        with pytest.raises(SenderDomainKnown):
            sender_domains.add(tenant=alpha, domain=f"{NAME}.", by=owner)

    @pytest.mark.parametrize("wrong", ["", "a b", "a@b", ".a", "a" * 65, "grüße"])
    def test_an_address_that_is_none_is_refused(self, alpha, owner, wrong):
        with pytest.raises(Invalid) as refusal:
            sender_domains.add(tenant=alpha, domain=NAME, by=owner, local_part=wrong)
        assert "local_part" in refusal.value.errors

    def test_only_owners_set_it_up(self, alpha, admin, wish):
        for deed in (
            lambda: sender_domains.add(tenant=alpha, domain="x.example", by=admin),
            lambda: sender_domains.verify(domain=wish, by=admin),
            lambda: sender_domains.remove(domain=wish, by=admin),
        ):
            with pytest.raises(PermissionMissing):
                deed()

    def test_another_workspaces_is_not_found(self, beta, wish):
        with pytest.raises(NotFound):
            sender_domains.find(tenant=beta, pk=wish.pk)


class TestMail:
    def test_it_comes_from_the_domain_signed(self, verified, outbox_dir, write, name_server):
        message = write(sent=True)
        letters = [outbox.read(name) for name in outbox.names()]
        (letter,) = [found for found in letters if found.subject == message.subject]
        assert letter.sender == f"Alpha <hello@{NAME}>"
        assert message.sender == f"hello@{NAME}"
        (record,) = name_server.records[f"{verified.selector}._domainkey.{NAME}"]
        raw = letter.raw.replace(b"\n", b"\r\n")
        assert dkim.verify(raw, dnsfunc=lambda *_, **__: record.encode())
        assert not dkim.verify(raw + b"more", dnsfunc=lambda *_, **__: record.encode())

    def test_a_wish_changes_nothing(self, wish, outbox_dir, write):
        assert write(sent=True).sender == "hello@localhost"

    def test_a_service_that_does_not_sign_for_it_sends_from_the_product(
        self, verified, outbox_dir, write, settings
    ):
        settings.MAIL_PROVIDER = "sendgrid"  # set up before SendGrid was
        assert write(sent=True).sender == "hello@localhost"

    def test_the_address_and_the_name_are_chosen(self, verified, owner, outbox_dir, write):
        sender_domains.update(
            domain=verified, by=owner, local_part="office", from_name='Büro "Süd", Alpha'
        )
        write(sent=True)
        senders = [outbox.read(name).sender for name in outbox.names()]
        assert f'"Büro \\"Süd\\", Alpha" <office@{NAME}>' in senders


class TestLookingAfter:
    def test_a_fresh_wish_is_verified_by_itself(self, wish, name_server):
        publish(name_server, wish)
        sender_domains.start_checks()
        work_off()
        wish.refresh_from_db()
        assert wish.state == "verified"
        assert sender_domains.start_checks() == []

    def test_mail_comes_from_the_product_once_the_records_are_gone_twice(
        self, verified, name_server, outbox_dir, write, owner
    ):
        name_server.records.clear()
        age(verified, checked_at=timedelta(days=1))
        sender_domains.start_checks()
        work_off()
        verified.refresh_from_db()
        assert verified.state == "unseen"
        assert write(sent=True).sender == f"hello@{NAME}"
        age(verified, checked_at=timedelta(minutes=11), missing_since=timedelta(minutes=11))
        sender_domains.start_checks()
        work_off()
        verified.refresh_from_db()
        assert (verified.state, Message.objects.filter(template="mail/sender_lost").count()) == (
            "off", 1,
        )  # fmt: skip
        assert write(sent=True).sender == "hello@localhost"
        publish(name_server, verified)
        assert sender_domains.verify(domain=verified, by=owner).state == "verified"

    def test_silence_is_no_answer(self, verified, name_server, owner):
        from apps.core.dns_api import DnsUnavailable

        name_server.otherwise = 2  # SERVFAIL
        name_server.records.clear()
        with pytest.raises(DnsUnavailable):
            sender_domains.check(domain=verified)
        verified.refresh_from_db()
        assert verified.state == "verified"


class TestPages:
    def test_removing_asks_first(self, browse, owner, wish):
        client, url = browse(owner), f"/settings/mail/senders/{wish.pk}/remove/"
        assert f"Remove {NAME}?" in client.get(url).content.decode()
        assert SenderDomain.objects.exists()
        assert client.post(url).url == "/settings/mail/senders/"
        assert not SenderDomain.objects.exists()

    def test_from_the_wish_to_the_chosen_address(self, browse, owner, name_server, alpha):
        client = browse(owner)
        answer = client.post("/settings/mail/senders/", {"domain": NAME, "local_part": "hi"})
        made = SenderDomain.objects.get(tenant=alpha)
        page = f"/settings/mail/senders/{made.pk}/"
        assert answer.url == page
        assert made.records[0]["value"].split("p=")[1] in client.get(page).content.decode()
        answer = client.post(f"{page}verify/", follow=True)
        assert "Not there yet" in answer.content.decode()
        publish(name_server, made)
        assert f"{NAME} is verified." in client.post(f"{page}verify/", follow=True).content.decode()
        client.post(page, {"local_part": "office", "from_name": "The office"})
        made.refresh_from_db()
        assert made.address == f"office@{NAME}"
        client.post(f"{page}remove/")
        assert not SenderDomain.objects.exists()

    def test_what_is_wrong_is_said_at_its_field(self, browse, owner):
        answer = browse(owner).post(
            "/settings/mail/senders/", {"domain": "localhost", "local_part": "a b"}
        )
        assert answer.status_code == 422

    def test_outsiders_stay_outside(self, browse, outsider, student, wish):
        page = f"/settings/mail/senders/{wish.pk}/"
        for person in (outsider, student):
            for path in ("/settings/mail/senders/", page):
                assert browse(person).get(path).status_code == 403
            assert browse(person).post(f"{page}remove/").status_code == 403
        assert SenderDomain.objects.filter(pk=wish.pk).exists()
