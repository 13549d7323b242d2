"""Whatever a workspace leaves behind names it: the walk through all places where that could fail.

Two workspaces do the same. What then lies in Redis, in storage, in the shared tables, in the log
and in the metrics must name one of them, or stand on the short list of what belongs to all.
"""

from __future__ import annotations

import base64
import json
import logging
import re
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
import redis
import structlog
from django.apps import apps
from django.conf import settings as product
from django.core.cache import caches
from django.db import models
from prometheus_client.metrics_core import Metric

from apps.audit.models import AuditEntry
from apps.core import metrics
from apps.jobs.models import JobRun
from apps.jobs.task import Job
from apps.mail.models import Message
from apps.media.services import blobs
from apps.realtime import broadcast, events
from apps.realtime.applications import Application
from apps.tenants.services import tickets
from tests.factories.gateway import make_key
from tests.factories.jobs import work_off
from tests.factories.roblox import make_experience, make_release
from tests.factories.tenants import invite

SCHEMAS = ("w_alpha", "w_beta")
GLOBAL_KEYS = {
    r"global:1:host:(\d+:)?[a-z0-9-]+\.localhost": "the directory; a host is a workspace's own",
    r"global:1:allauth:rl:.*": "attempts to sign in: people belong to the installation",
    r"global:1:signed-in:[0-9a-f]{16}:.*": "known addresses: people belong to the installation",
    r"LIMITS:LIMITER/attempts/.*": "attempts to sign in, alike",
    r"_kombu\.binding[._].*": "names of queues",
    r"(interactive|default|bulk)": "queues, whose messages are looked at one by one",
    r"ticket:[0-9a-f]{64}": "made of a secret; what it holds names the workspace",
    r"limit:(address|refused):[\d.]+ (part|sum|first|\d+)": "of an address, wherever it calls",
    r"usage:api_calls:[\d-]+ :life": "since when a day is counted",
    r"vendor:\w+:(pybreaker:\w+|errors)": "how a vendor is doing",
    r"LIMITS:LIMITER/roblox/[0-9a-f]+/.*": "Roblox counts by its own keys and owners",
    r"global:1:roblox-owner:[0-9a-f]+": "what Roblox says of one of its keys",
}
GLOBAL_METRICS = {
    "toolboxai_collector_up", "toolboxai_collector_seconds",
    "toolboxai_http_request_duration_seconds", "toolboxai_api_refused", "toolboxai_api_uncounted",
    "toolboxai_jobs_open", "toolboxai_jobs_oldest_due_seconds", "toolboxai_jobs_wait_seconds",
    "toolboxai_jobs_failed_day",
    "toolboxai_schedule_late", "toolboxai_schedule_failed", "toolboxai_schedule_missed",
    "toolboxai_workers",
    "toolboxai_mails_day", "toolboxai_mail_suppressions", "toolboxai_mail_queue_seconds",
    "toolboxai_mail_oldest_queued_seconds",
    "toolboxai_sender_domains", "toolboxai_sender_domain_oldest_check_seconds",
    "toolboxai_workspaces", "toolboxai_usage_today", "toolboxai_usage_warnings_open",
    "toolboxai_isolation_foreign_marks", "toolboxai_isolation_open_walls",
    "toolboxai_breaker_state", "toolboxai_breaker_failures", "toolboxai_webhook_endpoints",
    "toolboxai_webhook_attempts_hour", "toolboxai_webhook_deliveries_pending",
    "toolboxai_webhook_oldest_due_seconds",
    "toolboxai_semantic_cache_questions_today", "toolboxai_semantic_cache_saved_seconds_today",
    "toolboxai_isolation_last_probe_timestamp_seconds", "toolboxai_isolation_reads_day",
    "toolboxai_realtime_errands", "toolboxai_realtime_oldest_errand_seconds",
    "toolboxai_realtime_channels", "toolboxai_realtime_subscriptions",
    "toolboxai_stripe_events", "toolboxai_stripe_event_oldest_waiting_seconds",
    "toolboxai_stripe_event_seconds", "toolboxai_stripe_connected", "toolboxai_stripe_endpoints",
    "toolboxai_stripe_drift", "toolboxai_stripe_comparison_age_seconds",
    "toolboxai_stripe_events_missed_day",
}  # fmt: skip
GLOBAL_MODELS = {
    "accounts.OperatorDevice": "operators belong to the installation",
    "accounts.User": "people belong to the installation",
    "gateway.ApiUsageBatch": "numbers of many workspaces, written together",
    "help.Passage": "sections of the product's own articles",
    "sso.Identity": "of a sign-in, which names its workspace",
    "jobs.ScheduleWatch": "a schedule of the installation",
    "jobs.Worker": "works for all of them",
    "jobs.Failure": "a way in which a task fails, wherever",
    "impersonation.Visit": "names it by its impersonation",
    "isolation.Probe": "a look at all workspaces",
    "mail.MessageEvent": "names it by its message",
    "mail.OptOut": "a choice of whoever reads the mailbox",
    "mail.Wishes": "how a person wants their mail, from wherever it comes",
    "fleet.SchemaVersion": "a state of all schemas",
    "fleet.SchemaStep": "a way from one state to the next",
    "fleet.Rollout": "a way of the whole fleet; its items name each schema",
    "transfers.SigningKey": "with which this installation signs",
    "transfers.TrustedKey": "an installation that is trusted",
    "payments.DunningCase": "names it by its account",
    "payments.DunningStep": "names it by its case",
    "payments.Notice": "names it by its account",
    "payments.PaymentIntent": "names it by its account",
    "payments.Subscription": "names it by its account",
    "payments.Attempt": "names it by its account",
    "payments.Checkout": "names it by its account",
    "payments.Invoice": "names it by its account",
    "payments.CreditNote": "names it by its account",
    "payments.IssuedDocument": "names it by its account",
    "payments.InvoicePayment": "names it by its account",
    "payments.Payment": "names it by its account",
    "payments.Refund": "names it by its account",
    "payments.CustomerCredit": "names it by its account",
    "payments.Dispute": "names it by its account",
    "payments.SubscriptionChange": "names it by its account",
    "payments.FormerCustomer": "names it by its account",
    "payments.UsageReport": "names it by its account",
    "payments.LedgerTransaction": "names it by its account",
    "payments.LedgerEntry": "names it by its account",
    "payments.RevenueSchedule": "names it by its account",
    "payments.StripeEvent": "names its customer as Stripe does",
    "payments.ReconcileRun": "a comparison of all customers",
    "payments.Finding": "names its customer as Stripe does",
    "realtime.ChannelWebhook": "names it by its application",
    "realtime.ChannelDelivery": "belongs to a channel webhook",
    "realtime.RealtimeAppDay": "names it by its application",
    "vendors.Vendor": "an outside service, without a table",
    "webhooks.Delivery": "names it by its endpoint",
    "webhooks.Attempt": "names it by its delivery",
}.keys()


@dataclass
class Trail:
    """What two busy workspaces left."""

    storage: Path
    keys: list[str] = field(default_factory=list)
    letters: list[dict[str, Any]] = field(default_factory=list)
    lines: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


class Listener(logging.Handler):
    """The product's own log lines, with the workspace in which each was written."""

    def __init__(self, lines: list[tuple[str, dict[str, Any]]]) -> None:
        super().__init__(logging.INFO)
        self._lines = lines
        self.inside = ""
        chain = product.LOGGING["formatters"]["structured"]["foreign_pre_chain"]
        strip = structlog.stdlib.ProcessorFormatter.remove_processors_meta
        self.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=chain,
                processors=[strip, structlog.processors.JSONRenderer(default=str)],
            )
        )

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append((self.inside, json.loads(self.format(record))))


@pytest.fixture
def trail(
    alpha, beta, owner, outsider, browse, roblox, settings, tmp_path,
    django_capture_on_commit_callbacks,
) -> Trail:  # fmt: skip
    local = {**settings.STORAGES["default"], "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": local}
    left = Trail(tmp_path)
    listener = Listener(left.lines)
    servers = [
        redis.Redis.from_url(url) for url in (settings.REDIS_URL, settings.CELERY_BROKER_URL)
    ]
    for server in servers:
        server.flushdb()
    logging.getLogger().addHandler(listener)
    before = logging.getLogger().level
    logging.getLogger().setLevel(logging.INFO)
    for tenant, person in ((alpha, owner), (beta, outsider)):
        listener.inside = tenant.schema_name
        with django_capture_on_commit_callbacks(execute=True):
            live(tenant, person, browse, roblox)
    logging.getLogger().removeHandler(listener)
    logging.getLogger().setLevel(before)
    for server in servers:
        left.keys += [name for key in server.scan_iter("*") for name in named(server, key)]
        for queue in ("interactive", "default", "bulk"):
            left.letters += [json.loads(letter) for letter in server.lrange(queue, 0, -1)]
        server.close()
    return left


def named(server: redis.Redis, key: bytes) -> list[str]:
    """The key; of a hash that speaks of many workspaces, each of its fields with it."""
    if server.type(key) != b"hash":
        return [key.decode()]
    return [f"{key.decode()} {name.decode()}" for name in server.hkeys(key)]


def live(tenant, person, browse, roblox) -> None:
    """A day in a workspace: pages, API, files, jobs, mails, cache, a ticket to come in by."""
    with tenant:
        lab = make_experience(roblox, person, f"Lab of {tenant.slug}")
        make_release(lab, "1.0.0", person)
        blobs.store(content=b"the same bytes in both")
        caches["workspace"].set("colour", tenant.slug)
        structlog.get_logger("test").info("something_happened")
        logging.getLogger("stdlib").info("something else happened")
    assert browse(person, tenant=tenant).get("/experiences/").status_code == 200
    _, secret = make_key(tenant, scopes=["releases.view"])
    key = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    assert browse(None, tenant=tenant).get("/api/v1/releases/", **key).status_code == 200
    invite(tenant, person, email=f"colleague@{tenant.slug}.example")
    tickets.issue(tenant=tenant, by=person)
    assert work_off()


def test_the_walk(trail):
    """One trail, looked at everywhere: making it takes longer than looking."""
    for check in (
        redis_keys_name_a_workspace, tickets_name_theirs, messages_to_the_broker_do,
        files_lie_in_their_workspace, shared_rows_name_one, log_lines_do,
        cached_values_are_kept_apart,
    ):  # fmt: skip
        check(trail)


def redis_keys_name_a_workspace(trail: Trail) -> None:
    free = re.compile("|".join(GLOBAL_KEYS))
    nameless = [key for key in trail.keys if not names_one(key) and not free.fullmatch(key)]
    assert nameless == [], "\n".join(nameless)
    assert {s for key in trail.keys for s in SCHEMAS if s in key} == set(SCHEMAS)


def names_one(text: str) -> bool:
    return any(schema in text for schema in SCHEMAS)


def tickets_name_theirs(trail: Trail) -> None:
    with redis.Redis.from_url(product.CELERY_BROKER_URL) as server:
        held = [json.loads(server.get(key)) for key in server.scan_iter("ticket:*")]
    assert {ticket["schema"] for ticket in held} <= set(SCHEMAS)


def messages_to_the_broker_do(trail: Trail) -> None:
    assert {letter["headers"].get("workspace") for letter in trail.letters} == set(SCHEMAS)
    for letter in trail.letters:
        # Nothing of anybody's: what is to be done stands in the rows.
        (_, arguments, _) = json.loads(base64.b64decode(letter["body"]))
        assert arguments == {}


def files_lie_in_their_workspace(trail: Trail) -> None:
    files = [path.relative_to(trail.storage) for path in trail.storage.rglob("*") if path.is_file()]
    assert {path.parts[0] for path in files} == set(SCHEMAS)
    # The same bytes in both are two files: deleting a workspace takes nothing from another.
    assert len({path.name for path in files}) < len(files)


def shared_rows_name_one(trail: Trail) -> None:
    for model in (JobRun, Message, AuditEntry):
        found = set(model.objects.order_by().values_list("schema_name", flat=True).distinct())
        assert found == set(SCHEMAS), model


def log_lines_do(trail: Trail) -> None:
    assert {line["event"] for _, line in trail.lines} >= {
        "something_happened", "something else happened", "request_started", "request_finished",
    }  # fmt: skip
    assert [(inside, line) for inside, line in trail.lines if line.get("workspace") != inside] == []


def cached_values_are_kept_apart(trail: Trail) -> None:
    from django_tenants.utils import schema_context

    for schema in SCHEMAS:
        with schema_context(schema):
            assert caches["workspace"].get("colour") == schema.removeprefix("w_")
    assert caches["workspace"].get("colour") is None


@pytest.mark.django_db  # Celery looks at the connection that an earlier test may have left open
def test_every_task_is_a_job_of_a_workspace_or_on_the_list():
    """A job's row names its workspace; the others look after all workspaces at once."""
    from config.celery import app

    app.loader.import_default_modules()
    own = [task for task in app.tasks.values() if task.__module__.startswith("apps.")]
    scheduled = {entry["task"] for entry in product.CELERY_BEAT_SCHEDULE.values()}
    # `jobs.work` looks whose turn it is, and becomes that run's.
    others = {task.name for task in own if not isinstance(task, Job)} - {"jobs.work"}
    assert others <= scheduled
    assert any(isinstance(task, Job) for task in own)


@pytest.mark.parametrize("event", events.ALL, ids=lambda event: event.name)
def test_every_channel_names_a_workspace_or_a_person(event):
    for pattern in event.channel_patterns:
        fields = [name for _, name, _, _ in Formatter().parse(pattern) if name]
        assert pattern.startswith("private-w-{schema_name}") or fields[0] in {"user_id", "actor_id"}


def test_the_same_channel_of_two_workspaces_is_two_groups():
    application = Application(id="1", key="k", secret="s")
    groups = {
        broadcast.redis_channel(application.address(f"private-w-{schema}.jobs"))
        for schema in SCHEMAS
    }
    assert len(groups) == 2


@pytest.mark.django_db
def test_metrics_name_a_workspace_or_are_on_the_list(alpha):
    families = {family.name: family for family in metrics.registry.collect()}
    nameless = {name for name, f in families.items() if "workspace" not in labels(f)}
    # The fleet's are about all workspaces at once.
    assert {n for n in nameless if not n.startswith("toolboxai_fleet_")} <= GLOBAL_METRICS
    assert "toolboxai_usage_today_by_workspace" in families


def labels(family: Metric) -> set[str]:
    return {*getattr(family, "_labelnames", ()), *(n for s in family.samples for n in s.labels)}


def test_rows_of_public_that_belong_to_a_workspace_name_it():
    """Every model of the public schema refers to its workspace, or is on the list."""
    private = {c.label for c in apps.get_app_configs() if c.name in product.TENANT_APPS}
    shared = [
        model
        for config in apps.get_app_configs()
        if config.name.startswith("apps.") and config.label not in private
        for model in config.get_models()
    ]
    nameless = {model._meta.label for model in shared if not names_a_workspace(model)}
    assert nameless <= GLOBAL_MODELS


def names_a_workspace(model: type[models.Model]) -> bool:
    names = {field.name for field in model._meta.get_fields()}
    return bool(names & {"schema_name", "tenant"}) or model._meta.label == "fleet.Schema"
