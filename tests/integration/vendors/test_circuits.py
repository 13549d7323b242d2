"""Circuits of outside services: every vendor behind one, operators' hands on all."""

from __future__ import annotations

import socket
from io import StringIO

import pytest
from django.core.files.base import ContentFile
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command

from apps.audit.models import AuditEntry
from apps.core import breaker, metrics
from apps.core.breaker import FAILURES, BreakerOpen, breaker_state, guard
from apps.core.errors import NotFound
from apps.mail import anymail_api
from apps.media import clamav_api
from apps.media.s3_storage import GuardedS3Storage
from apps.realtime import pusher_api
from apps.tenants.access import Operator
from apps.tenants.errors import PermissionMissing
from apps.vendors.services import circuits
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_redis(own_redis):
    """Circuits of this test alone."""


@pytest.fixture
def nowhere():
    """A port that nobody listens at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def operator():
    return Operator(UserFactory(is_staff=True))


@pytest.fixture
def made_up(monkeypatch):
    """A vendor of these tests: what counts as a real one's failure is its module's to say."""
    monkeypatch.setitem(breaker._titles, "made-up", "Made Up Inc.")
    return "made-up"


def fail(vendor, times=1):
    def call():
        raise ConnectionError("no route to host")

    for _ in range(times):
        with pytest.raises(ConnectionError):
            guard(vendor, call, is_failure=lambda _error: True)


class TestVendors:
    """Each vendor's module counts its outages, whatever SDK it speaks through."""

    def test_all_are_known(self):
        known = {"clamav", "dns", "mail", "realtime", "roblox", "storage"}
        assert known <= set(breaker.declared())

    def test_mail(self, settings, nowhere):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", nowhere
        with pytest.raises(anymail_api.MailNotSent):
            anymail_api.deliver(EmailMessage("Hello", "", "a@b.example", ["c@d.example"]))
        assert breaker_state("mail").failures == 1

    def test_realtime(self, settings, nowhere):
        settings.PUSHER_HOST, settings.PUSHER_PORT = "127.0.0.1", nowhere
        pusher_api._client.cache_clear()
        with pytest.raises(pusher_api.RealtimeError):
            pusher_api.trigger(["private-x"], "event", {})
        pusher_api._client.cache_clear()
        assert breaker_state("realtime").failures == 1

    def test_the_virus_scanner(self, settings, nowhere):
        settings.CLAMAV_URL = f"tcp://127.0.0.1:{nowhere}"
        with pytest.raises(clamav_api.ScannerUnavailable):
            clamav_api.scan(b"content")
        assert breaker_state("clamav").failures == 1

    def test_file_storage(self, nowhere):
        storage = GuardedS3Storage(
            endpoint_url=f"http://127.0.0.1:{nowhere}", bucket_name="b", access_key="k",
            secret_key="s", region_name="us-east-1", client_config=_impatient(),
        )  # fmt: skip
        for number, act in enumerate(
            (lambda: storage.exists("x"), lambda: storage.save("x", ContentFile(b"1")))
        ):
            with pytest.raises(Exception, match="Could not connect"):
                act()
            assert breaker_state("storage").failures == number + 1


def _impatient():
    from botocore.config import Config

    return Config(connect_timeout=1, retries={"max_attempts": 0})


class TestByHand:
    def test_opened_it_stays_so_until_it_is_closed(self, operator, made_up):
        circuits.open_by_hand(vendor=made_up, by=operator)
        state = breaker_state(made_up)
        assert (state.state, state.is_held, state.retry_at) == ("open", True, None)
        with pytest.raises(BreakerOpen, match="Made Up"):
            guard(made_up, lambda: None, is_failure=lambda _error: True)
        circuits.close(vendor=made_up, by=operator)
        assert guard(made_up, lambda: 7, is_failure=lambda _error: True) == 7
        deeds = AuditEntry.objects.filter(schema_name="public").order_by("sequence")
        assert [(d.action, d.object_id) for d in deeds][-2:] == [
            ("vendor.circuit_opened", made_up), ("vendor.circuit_closed", made_up),
        ]  # fmt: skip

    def test_after_that_failures_open_it_as_ever(self, operator, made_up):
        circuits.open_by_hand(vendor=made_up, by=operator)
        circuits.close(vendor=made_up, by=operator)
        fail(made_up, FAILURES)
        state = breaker_state(made_up)
        assert (state.state, state.is_held) == ("open", False)
        circuits.close(vendor=made_up, by=None)
        assert breaker_state(made_up).state == "closed"

    def test_a_customer_cannot(self, owner, made_up):
        with pytest.raises(PermissionMissing):
            circuits.close(vendor=made_up, by=owner)

    def test_an_unknown_one_is_said(self, operator):
        with pytest.raises(NotFound, match="roblox"):
            circuits.close(vendor="nobody", by=operator)


def test_the_last_failures_are_kept_with_what_was_said(made_up):
    fail(made_up, 2)
    first = breaker.failures_of(made_up)
    assert [f.text for f in first] == ["ConnectionError: no route to host"] * 2
    for number in range(12):
        breaker._note("mail", ValueError(str(number)))
    assert [f.text for f in breaker.failures_of("mail")][:2] == ["ValueError: 11", "ValueError: 10"]
    assert len(breaker.failures_of("mail")) == 10


def test_prometheus_is_told(made_up):
    fail(made_up, FAILURES)
    shown = metrics.render().decode()
    assert 'toolboxai_breaker_state{vendor="made-up"} 2.0' in shown
    assert 'toolboxai_breaker_state{vendor="mail"} 0.0' in shown


def test_the_command(made_up):
    fail(made_up, FAILURES)
    told = StringIO()
    call_command("breakers", stdout=told)
    assert told.getvalue().startswith("made-up      open since")
    call_command("breakers", "close", made_up, stdout=told)
    assert breaker_state(made_up).state == "closed"
    with pytest.raises(CommandError, match="There is no nobody"):
        call_command("breakers", "close", "nobody")


def test_without_redis_the_page_says_so(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with pytest.raises(circuits.StateUnreachable):
        circuits.overview()
