"""The operator console: its door, its pages, and working inside a workspace."""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client, RequestFactory
from django.urls import reverse, set_urlconf
from django.utils import timezone

from apps.accounts.models import OperatorDevice
from apps.accounts.operator_sessions import STATE
from apps.accounts.services import operators
from apps.audit.models import AuditEntry
from apps.fleet.models import Rollout, SchemaVersion
from apps.gateway.models import ApiUsage
from apps.impersonation.models import Impersonation
from apps.isolation.models import Probe
from apps.jobs.models import Failure, JobRun, Worker
from apps.jobs.services import statistics
from apps.mail.models import SenderDomain, Suppression
from apps.payments.ledger.movements import movement
from apps.payments.models import Attempt, ReconcileRun, StripeEvent
from apps.payments.services import accounts
from apps.payments.services.ledger import posting
from apps.realtime.models import ChannelWebhook, RealtimeApp
from apps.semantic_cache.models import CacheDay
from apps.sso.models import Connection
from apps.tenants.models import Departure, Tenant
from apps.transfers.models import Export, Import, TrustedKey
from apps.webhooks.models import Delivery, Event
from tests.factories.gateway import make_key
from tests.factories.invoices import make_credit_note, make_invoices
from tests.factories.payments import pay_and_dispute
from tests.factories.scim import scim_token
from tests.factories.stripe_events import make_payload
from tests.factories.tenants import invite
from tests.factories.unpaid import Debtor
from tests.factories.webhooks import make_endpoint

PUBLIC = "config.urls_public"


@pytest.fixture
def door(db):
    return Client(SERVER_NAME="localhost")


def url(name, *args):
    return reverse(f"admin:{name}", urlconf=PUBLIC, args=args)


def forms_within_forms(page):
    """Browsers leave the inner ones out, and their buttons send the outer one."""
    return re.search(r"<form\b(?:(?!</form>).)*<form\b", page, re.DOTALL)


def sign_in(door, operator, **changes):
    form = {"username": operator.user.email, "password": operator.password, "next": "/operator/"}
    return door.post("/operator/login/", form | changes)


class TestDoor:
    def test_password_and_code_open_it(self, door, operator):
        code = operators.current_code(user=operator.user)
        assert sign_in(door, operator, otp_token=code).url == "/operator/"
        assert door.get("/operator/").status_code == 200

    def test_a_password_alone_is_refused(self, door, operator):
        answer = sign_in(door, operator)
        assert "Enter the code" in answer.content.decode()
        assert door.get("/operator/").status_code == 302

    def test_a_wrong_code_is_refused(self, door, operator):
        right = operators.current_code(user=operator.user)
        wrong = f"{(int(right) + 500_000) % 1_000_000:06d}"
        assert "not valid" in sign_in(door, operator, otp_token=wrong).content.decode()

    def test_a_code_works_once(self, door, operator):
        code = operators.current_code(user=operator.user)
        sign_in(door, operator, otp_token=code)
        again = sign_in(Client(SERVER_NAME="localhost"), operator, otp_token=code)
        assert again.status_code == 200

    def test_another_persons_code_is_refused(self, door, operator):
        other = operators.create(email="otto@toolboxai.example")
        code = operators.current_code(user=other.user)
        assert sign_in(door, operator, otp_token=code).status_code == 200

    def test_signing_in_on_the_product_is_not_enough(self, operator, browse):
        assert browse(operator.user, tenant=None).get("/operator/").status_code == 302

    def test_customers_are_refused(self, browse, owner):
        assert browse(owner, tenant=None).get("/operator/").status_code == 302

    def test_it_does_not_stand_on_a_workspaces_host(self, console, browse, operator):
        assert browse(operator.user).get("/operator/").status_code == 404

    def test_guessing_is_slowed_down(self, door, operator):
        for _ in range(12):
            answer = sign_in(door, operator, password="guess")
        assert "Too many" in answer.content.decode()
        code = operators.current_code(user=operator.user)
        assert sign_in(door, operator, otp_token=code).status_code == 200


MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
PUBLIC_MODELS = [
    m for m in MODELS if m._meta.app_label not in {"answers", "classes", "roblox", "media"}
]


def _depart_and_connect(alpha):
    """A workspace is gone, a probe looked at the isolation, a game listens to a channel."""
    Departure.objects.create(
        schema_name="w_old", slug="old", name="Old", asked_by="x", address_free_at=timezone.now()
    )
    Probe.objects.create(
        process="web", node="x", milliseconds=1, workspaces=1, reads=1, foreign=0, unwalled=0
    )
    RealtimeApp.objects.create(tenant=alpha, name="x", app_id="1", key="x", secret="x")
    ChannelWebhook.objects.create(app_id="1", url="https://x.example", events=["cache_miss"])


def _move_and_roll_out(alpha):
    Rollout.objects.create(target=SchemaVersion.objects.first(), actor_label="x")
    Export.objects.create(tenant=alpha, asked_by="x")
    Import.objects.create(schema_name="w_new", slug="new", source="x", asked_by="x")
    TrustedKey.objects.create(public="x", name="x", added_by="x")
    endpoint = make_endpoint(alpha, "http://127.0.0.1:1/")
    event = Event.objects.create(tenant=alpha, type="x", body="{}")
    Delivery.objects.create(endpoint=endpoint, event=event)


def _connect_a_school(alpha):
    """An identity provider signs people in and keeps them up to date; a mail came back; mail is to
    come from the school's domain.
    """
    SenderDomain.objects.create(
        tenant=alpha,
        domain="x.example",
        local_part="x",
        signer="sendgrid",
        failed_at=timezone.now(),
    )
    Suppression.objects.create(
        schema_name=alpha.schema_name, stream="broadcast", address="x@x.example", reason="bounce"
    )
    Failure.objects.create(name="x", code="x")
    scim_token(alpha)
    Connection.objects.create(
        tenant=alpha, name="x", issuer="https://x.example", client_id="x", client_secret="x"
    )


def _look_and_ask(alpha):
    """An operator was in, a program asked, the semantic cache answered."""
    now = timezone.now()
    Impersonation.objects.create(
        schema_name=alpha.schema_name, operator_label="x", person_label="x", reason="x",
        ticket_hash="x", expires_at=now,
    )  # fmt: skip
    CacheDay.objects.create(schema_name=alpha.schema_name, day=now.date(), scope="help")
    counted = {
        field.name: 1
        for field in ApiUsage._meta.get_fields()
        if isinstance(field, models.BigIntegerField) and not field.primary_key
    }
    ApiUsage.objects.create(
        schema_name=alpha.schema_name, span="hour", start=now, caller="people", endpoint="x",
        **counted,
    )  # fmt: skip


def _bill(alpha):
    """Something was sold."""
    account = accounts.of(alpha)
    entries = [("receivable", 1), ("deferred_revenue", -1)]
    found = [movement("finalized", "x", 0, entries)]
    posting.post(posting.Source("invoice", "in_x", account, "eur"), found)
    StripeEvent.of(make_payload({"id": "cus_x", "object": "customer"})).save()
    Attempt.objects.create(account=account, subject="in_x", deed="void", key="void-x")
    run = ReconcileRun.objects.create()
    run.findings.create(kind="different", differences={"total": [1, 2]})


def _see_first_row(console, model):
    row = admin.site._registry[model].get_queryset(RequestFactory().get("/")).first()
    name = f"{model._meta.app_label}_{model._meta.model_name}"
    page = console.get(url(f"{name}_change", row.pk))
    assert page.status_code == 200
    text = page.content.decode()
    assert 'name="_save"' not in text
    assert not forms_within_forms(text)
    assert console.get(url(f"{name}_add")).status_code == 403


class TestPages:
    def test_every_list_opens(self, console, alpha, owner, mailoutbox, subtests):
        invite(alpha, owner)
        make_key(alpha)
        for model in PUBLIC_MODELS:
            with subtests.test(model._meta.label_lower):
                name = f"{model._meta.app_label}_{model._meta.model_name}_changelist"
                assert console.get(url(name)).status_code == 200

    def test_every_first_row_opens_and_cannot_be_edited(
        self, console, alpha, owner, mailoutbox, subtests
    ):
        invite(alpha, owner)
        make_key(alpha)
        _depart_and_connect(alpha)
        _move_and_roll_out(alpha)
        _look_and_ask(alpha)
        _connect_a_school(alpha)
        make_credit_note(*make_invoices(alpha, 1))
        pay_and_dispute(alpha)
        _bill(alpha)
        Debtor(alpha, number="TBX-UNPAID").at(0)
        for model in PUBLIC_MODELS:
            if model._meta.app_label != "django_celery_beat" and model._meta.managed:
                with subtests.test(model._meta.label_lower):
                    _see_first_row(console, model)

    def test_installed_packages_add_no_pages_of_their_own(self):
        assert not {m._meta.app_label for m in MODELS} & {"djstripe", "account", "auth"}

    def test_circuits_of_outside_services_are_opened_and_closed(self, console, own_redis):
        page = url("vendors_vendor_changelist")
        opened = console.post(url("vendors_vendor_deed", "roblox", "open"), follow=True)
        assert "open, by hand" in opened.content.decode()
        closed = console.post(url("vendors_vendor_deed", "roblox", "close"), follow=True)
        assert "by hand" not in closed.content.decode().replace(">By hand<", "")
        assert console.get(url("vendors_vendor_deed", "roblox", "open")).status_code == 405
        assert "Roblox Open Cloud" in console.get(page).content.decode()

    def test_queues_and_workers_are_drawn_in_few_queries(
        self, console, own_redis, django_assert_max_num_queries
    ):
        page = url("jobs_dashboard")
        now = timezone.now()
        Worker.objects.create(name="celery@one", queues="bulk")
        JobRun.objects.bulk_create(
            JobRun(name=f"x.{n}", schema_name="w_a", state="failed", started_at=now, due_at=now,
                   finished_at=now, queue="bulk", lane=f"roblox:{n}") for n in range(20)
        )  # fmt: skip
        console.get(page)
        with django_assert_max_num_queries(18):
            drawn = console.get(page, {"period": "7d", "part": 1}).content.decode()
        assert drawn.lstrip().startswith('<div id="jobs-board"')
        assert "Failed for good, queue bulk" in drawn
        assert "Failed for good, lane roblox" in drawn
        assert "celery@one" in drawn
        whole = console.get(page, {"period": "century"}).content.decode()
        assert 'href="?period=1h" aria-current="page"' in whole

    def test_what_takes_too_long_to_draw_leaves_the_workers(self, console, monkeypatch):
        def refuse(_period):
            raise statistics.TooMuchToDraw("Choose a shorter period.")

        monkeypatch.setattr(statistics, "report", refuse)
        page = console.get(url("jobs_dashboard")).content.decode()
        assert "Choose a shorter period." in page
        assert "No worker was heard of within a day." in page

    def test_without_the_broker_the_board_says_so(self, console, settings):
        settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
        page = console.get(url("jobs_dashboard")).content.decode()
        assert "The broker cannot be reached." in page
        assert "in the broker" not in page

    def test_a_page_left_open_keeps_no_operator_in(self, console, settings):
        page = url("jobs_dashboard")
        console.get(page)
        session = console.session
        before = session[STATE]["seen"] - settings.SESSION_NOTED_EVERY_SECONDS - 1
        session[STATE] = {**session[STATE], "seen": before}
        session.save()
        console.get(page, {"part": 1}, headers={"X-Unattended": "1"})
        assert console.session[STATE]["seen"] == before
        console.get(page, {"part": 1})
        assert console.session[STATE]["seen"] > before

    def test_the_overview_and_the_gallery_open(self, console):
        assert console.get("/operator/").status_code == 200
        assert console.get("/operator/design/").status_code == 200

    def test_the_overview_shows_what_needs_a_look(self, console, alpha):
        Tenant.objects.filter(pk=alpha.pk).update(state=Tenant.State.FAILED)
        figures = {f.label: f for f in console.get("/operator/").context["figures"]}
        assert (figures["Set-ups failed"].value, figures["Set-ups failed"].alarming) == (1, True)
        assert not figures["Mails not sent"].alarming
        assert console.get(figures["Set-ups failed"].url).status_code == 200

    def test_every_entry_of_the_menu_leads_somewhere(self, console, alpha):
        console.post(url("work_in_workspace", alpha.pk))
        groups = console.get("/operator/").context["sidebar_navigation"]
        set_urlconf(PUBLIC)
        links = [str(item["link"]) for group in groups for item in group["items"]]
        assert len(links) == len(set(links)) >= 18
        assert {console.get(link).status_code for link in links} == {200}

    def test_no_secret_is_shown(self, console, alpha):
        key, _ = make_key(alpha)
        page = console.get(url("gateway_apikey_change", key.pk)).content.decode()
        assert key.secret_hash not in page
        device = OperatorDevice.objects.get()
        page = console.get(url("accounts_operatordevice_change", device.pk)).content.decode()
        assert device.key not in page

    def test_the_strict_policy_holds_everywhere_else(self, console):
        assert "Content-Security-Policy" not in console.get("/operator/").headers
        assert "script-src 'self'" in console.get("/")["Content-Security-Policy"]

    def test_the_list_of_workspaces_takes_few_queries(
        self, console, alpha, beta, django_assert_max_num_queries
    ):
        console.get(url("tenants_tenant_changelist"))
        with django_assert_max_num_queries(9):
            console.get(url("tenants_tenant_changelist"))


class TestInsideAWorkspace:
    def test_its_models_ask_for_a_workspace_first(self, console):
        answer = console.get(url("roblox_release_changelist"), follow=True)
        assert answer.redirect_chain[0][0] == url("tenants_tenant_changelist")
        assert "Choose the workspace" in answer.content.decode()

    def test_entering_shows_where_one_is_and_is_recorded(self, console, alpha):
        console.post(url("work_in_workspace", alpha.pk))
        page = console.get("/operator/").content.decode()
        assert "You are working in <strong>Alpha</strong>" in page
        entry = AuditEntry.objects.get(action="operator.entered")
        assert (entry.schema_name, entry.actor_label) == (
            "w_alpha",
            "operator olga@toolboxai.example",
        )

    def test_inside_its_models_open(self, console, alpha):
        console.post(url("work_in_workspace", alpha.pk))
        assert console.get(url("roblox_release_changelist")).status_code == 200

    def test_leaving_closes_them(self, console, alpha):
        console.post(url("work_in_workspace", alpha.pk))
        console.post(url("leave_workspace"))
        assert console.get(url("roblox_release_changelist")).status_code == 302

    def test_entering_takes_a_post(self, console, alpha):
        assert console.get(url("work_in_workspace", alpha.pk)).status_code == 405

    def test_it_takes_the_one_time_code(self, operator, browse, alpha):
        client = browse(operator.user, tenant=None)
        assert client.post(url("work_in_workspace", alpha.pk)).status_code == 302
        assert not AuditEntry.objects.filter(action="operator.entered").exists()

    def test_outside_the_console_nothing_changes(self, console, alpha):
        console.post(url("work_in_workspace", alpha.pk))
        console.get("/operator/")
        assert "Alpha" not in console.get("/workspaces/new/").content.decode()
