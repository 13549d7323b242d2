"""Nothing that makes one-time codes can be read in the database."""

from __future__ import annotations

import base64
import re
from importlib import import_module

import pytest
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as PlainStore
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.accounts.models import OperatorDevice
from apps.accounts.services import emails, operators
from apps.accounts.session_store import SessionStore
from tests.factories.accounts import PASSWORD
from tests.integration.accounts.test_operator_doors import CONSOLE, enter, is_open
from tests.integration.accounts.test_two_steps import PAGES, App

MIGRATION = import_module("apps.accounts.migrations.0005_operators_keys_unreadable")
PENDING = "/_allauth/browser/v1/account/authenticators/totp"


@pytest.fixture
def operator(db):
    cache.clear()
    return operators.create(email="opal@toolboxai.example", password=PASSWORD).user


@pytest.fixture
def public():
    return Client(SERVER_NAME="localhost")


def rows_of(table):
    """Every column of every row, as the database holds them."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t")  # noqa: S608
        return "\n".join(row[0] for row in cursor.fetchall())


def forms_of(key):
    """A hexadecimal key as anybody might have stored it."""
    raw = bytes.fromhex(key)
    return {key, base64.b32encode(raw).decode(), base64.b64encode(raw).decode()}


class TestOperators:
    def test_the_key_is_in_no_column(self, operator):
        device = OperatorDevice.objects.get(user=operator)
        stored = rows_of("public.accounts_operatordevice")
        assert '"k1:' in stored
        assert not [form for form in forms_of(device.key) if form in stored]
        assert not TOTPDevice.objects.exists()

    def test_devices_of_the_release_before_move(self, operator, public):
        OperatorDevice.objects.all().delete()
        old = TOTPDevice.objects.create(user=operator, name="authenticator", last_t=7)
        MIGRATION.move(TOTPDevice.objects.all())
        moved = OperatorDevice.objects.get()
        assert (moved.key, moved.last_t, moved.user) == (old.key, 7, operator)
        assert rows_of("public.otp_totp_totpdevice") == ""
        assert old.key not in rows_of("public.accounts_operatordevice")
        enter(public, operator, operators.current_code(user=operator))
        assert is_open(public)

    def test_and_back(self, operator):
        key = OperatorDevice.objects.get().key
        MIGRATION.move_back(OperatorDevice.objects.all())
        assert TOTPDevice.objects.get().key == key
        assert not OperatorDevice.objects.exists()

    def test_the_same_code_opens_it_once(self, operator, public):
        code = operators.current_code(user=operator)
        enter(public, operator, code)
        assert is_open(public)
        another = Client(SERVER_NAME="localhost")
        answer = enter(another, operator, code)
        assert "was used already" in answer.content.decode()
        assert not is_open(another)

    def test_after_a_wrong_code_a_right_one_waits(self, operator, public):
        enter(public, operator, "000000")
        assert OperatorDevice.objects.get().throttling_failure_count == 1
        enter(public, operator, operators.current_code(user=operator))
        assert not is_open(public)

    @pytest.mark.parametrize("kind", ["static", "totp"])
    def test_no_other_kind_of_device_opens_it(self, operator, public, kind):
        """django-otp's own, whose secrets are plain, and backup codes least of all."""
        if kind == "static":
            device = StaticDevice.objects.create(user=operator, name="backup")
            device.token_set.create(token="000111")
        else:
            device = TOTPDevice.objects.create(user=operator, name="plain")
        enter(public, operator, "000111")
        assert not is_open(public)
        public.force_login(operator, backend="django.contrib.auth.backends.ModelBackend")
        session = public.session
        session["otp_device_id"] = device.persistent_id
        session.save()
        assert public.get(CONSOLE).status_code == 302


class TestPending:
    @pytest.fixture
    def person(self, teacher):
        emails.mark_verified(user=teacher)
        return teacher

    def test_the_page_keeps_it_where_nobody_reads_it(self, browse, person):
        client = browse(person)
        page = client.get(f"{PAGES}totp/activate/").content.decode()
        secret = re.search(r'id="totp-secret"[^>]*>\s*([A-Z2-7]{32})', page)[1]
        held = self._stored(client)
        assert secret not in str(held)
        assert SECRET_SESSION_KEY not in held
        assert held[f"{SECRET_SESSION_KEY}.sealed"].startswith("k1:")
        client.post(f"{PAGES}totp/activate/", {"code": App(secret).now()})
        assert person.authenticator_set.filter(type="totp").exists()
        assert f"{SECRET_SESSION_KEY}.sealed" not in self._stored(client)
        assert secret not in rows_of("public.mfa_authenticator")

    def test_so_do_the_endpoints_for_programs(self, browse, person):
        client = browse(person)
        secret = client.get(PENDING).json()["meta"]["secret"]
        assert secret not in str(self._stored(client))
        sent = {"code": App(secret).now()}
        answer = client.post(PENDING, sent, content_type="application/json")
        assert answer.status_code == 200, answer.content

    def test_a_key_that_is_gone_costs_another_try(self, settings, db):
        store = SessionStore()
        store[SECRET_SESSION_KEY] = "JBSWY3DPEHPK3PXP"
        store.save()
        settings.FIELD_ENCRYPTION_KEYS = {"k9": b"x" * 32}
        assert SECRET_SESSION_KEY not in SessionStore(store.session_key)

    def _stored(self, client):
        """What the row says to somebody who has SECRET_KEY, but not the keys of columns."""
        row = Session.objects.get(session_key=client.cookies["session"].value)
        return PlainStore().decode(row.session_data)
