"""Celery: broker, queues, schedule."""

from datetime import timedelta

from celery.schedules import crontab
from kombu import Queue

from config.env import parse_webhook_secrets

from .environment import ENV

CELERY_BROKER_URL = ENV.redis_url.get_secret_value()
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# However long the broker is away: it is looked for every few seconds (`config.celery`).
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_keepalive": True,
    "socket_connect_timeout": 2,
    # No request waits for a broker that is away: what it wants stands in the database.
    "max_retries": 0,
}
# Outcomes stand in `jobs.JobRun`, which outlives the broker.
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_TASK_QUEUES = [Queue("interactive"), Queue("default"), Queue("bulk")]
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# What workers do is told by their rows (`jobs.Worker`, `jobs.JobRun`); heartbeats are sent anyway.
CELERY_WORKER_SEND_TASK_EVENTS = False
# Jobs have limits of their own (`apps.jobs.task`); this is for whatever gets around them.
CELERY_TASK_SOFT_TIME_LIMIT = 7 * 3600
CELERY_TASK_TIME_LIMIT = 7 * 3600 + 60
CELERY_BEAT_SCHEDULER = "apps.jobs.beat:Scheduler"
# A sending is written down at once: beat that falls takes nothing for missed that was sent.
CELERY_BEAT_SYNC_EVERY = 1


def _every(
    task: str, queue: str, expires: int, on_miss: str = "run_once", **interval: float
) -> dict[str, object]:
    """A task and how often; a message that no worker took for `expires` seconds is dropped.

    `on_miss`: what becomes of it when beat was not there in time, `run_once` or `skip`.
    """
    return {
        "task": task,
        "on_miss": on_miss,
        "schedule": timedelta(**interval),
        "options": {"expires": expires, "queue": queue},
    }


def _daily(task: str, queue: str, expires: int, *, hour: int, minute: int) -> dict[str, object]:
    """A task that is done each day at that time of UTC, whenever beat was started."""
    return {
        "task": task,
        "on_miss": "run_once",
        "schedule": crontab(hour=hour, minute=minute),
        "options": {"expires": expires, "queue": queue},
    }


CELERY_BEAT_SCHEDULE = {
    str(entry["task"]): entry
    for entry in (
        _every("fleet.refill", "default", 60, seconds=30),
        _every("jobs.rescue", "interactive", 10, seconds=5),
        _every("jobs.watch", "default", 50, minutes=1),
        _every("jobs.forget", "bulk", 80000, days=1),
        _every("transfers.expire", "bulk", 1800, hours=1),
        _every("isolation.probe", "default", 50, "skip", minutes=1),
        _every("impersonation.end_expired", "default", 50, minutes=1),
        _every("tenants.purge", "bulk", 600, minutes=10),
        _every("tenants.check_domains", "bulk", 600, minutes=10),
        _every("usage.settle", "default", 50, minutes=1),
        _every("usage.look", "bulk", 3000, hours=1),
        _every("rest.forget_answers", "bulk", 3000, hours=1),
        _every("gateway.remind", "bulk", 3000, hours=1),
        _every("gateway.forget", "bulk", 80000, days=1),
        _every("usage.forget", "bulk", 80000, days=1),
        _every("accounts.forget_sessions", "bulk", 80000, days=1),
        _every("realtime.rescue", "interactive", 10, seconds=5),
        _every("realtime.collect", "interactive", 10, seconds=2),
        _every("realtime.settle", "default", 50, minutes=1),
        _every("realtime.forget", "bulk", 3000, hours=1),
        _every("webhooks.sweep", "interactive", 10, seconds=5),
        _every("webhooks.forget", "bulk", 80000, days=1),
        _every("payments.expire_requests", "bulk", 3000, hours=1),
        _every("payments.meter", "bulk", 3000, hours=1),
        _every("payments.sweep", "interactive", 10, seconds=5),
        _every("payments.look_for_events", "default", 280, minutes=5),
        _every("payments.watch_endpoints", "default", 280, minutes=5),
        # When few are about, in Europe and in America; long after the day of UTC has ended.
        _daily("payments.reconcile_all", "bulk", 80000, hour=2, minute=30),
        _every("payments.forget", "bulk", 80000, days=1),
        _every("payments.recognise", "bulk", 3000, hours=1),
        _every("mail.release", "interactive", 20, seconds=30),
        _every("mail.forget", "bulk", 80000, days=1),
        _every("payments.settle", "default", 3000, hours=1),
        _every("mail.check_sender_domains", "bulk", 300, minutes=5),
    )
}
DJANGO_CELERY_BEAT_TZ_AWARE = True

# Workers and beat touch it while they are in touch with the broker (`apps.jobs.alive`).
PROCESS_ALIVE_FILE = ENV.process_alive_file

# How often jobs of a lane may begin, all workers together: `<vendor>` or each `<vendor>:<account>`.
# Roblox' own figures are kept call by call (`apps.roblox.open_cloud_limits`).
# Stripe takes 100 requests a second, 25 in test mode.
JOB_LANES = {"mail": "600/minute", "stripe": "600/minute"}

# Where operators are told of failing jobs and late schedules, beside their mail; "" for nowhere.
OPERATOR_WEBHOOK_URL = ENV.operator_webhook_url
OPERATOR_WEBHOOK_SECRETS = parse_webhook_secrets(ENV.operator_webhook_secret.get_secret_value())

# How long a run that has ended stays on record; dead letters stay until somebody decides.
JOBS_KEPT = timedelta(days=45)

# A running job writes its heartbeat this often; one silent for the lease is taken for lost.
JOB_HEARTBEAT_SECONDS = 3.0
JOB_LEASE_SECONDS = 15.0
# Of one that has ended by then nobody is told that it has begun.
JOB_MOMENT_SECONDS = 0.25

# Each web process that is asked for its health looks this often whether workspaces are shown
# their own rows only; 0 for never.
ISOLATION_PROBE_SECONDS = 0.0 if ENV.toolboxai_env == "test" else 60.0
