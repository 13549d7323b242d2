"""Celery: broker, queues, schedule."""

from datetime import timedelta

from kombu import Queue

from .environment import ENV

CELERY_BROKER_URL = ENV.redis_url.get_secret_value()
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "socket_keepalive": True}
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
CELERY_WORKER_SEND_TASK_EVENTS = True
# Longer than the longest call a job makes, so that its own timeout speaks first.
CELERY_TASK_SOFT_TIME_LIMIT = 900
CELERY_TASK_TIME_LIMIT = 960
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE = {
    "fleet.refill": {
        "task": "fleet.refill",
        "schedule": timedelta(seconds=30),
        "options": {"expires": 60, "queue": "default"},
    },
    "jobs.rescue": {
        "task": "jobs.rescue",
        "schedule": timedelta(seconds=5),
        "options": {"expires": 10, "queue": "interactive"},
    },
    "transfers.expire": {
        "task": "transfers.expire",
        "schedule": timedelta(hours=1),
        "options": {"expires": 1800, "queue": "bulk"},
    },
    "isolation.probe": {
        "task": "isolation.probe",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 50, "queue": "default"},
    },
    "tenants.purge": {
        "task": "tenants.purge",
        "schedule": timedelta(minutes=10),
        "options": {"expires": 600, "queue": "bulk"},
    },
    "tenants.check_domains": {
        "task": "tenants.check_domains",
        "schedule": timedelta(minutes=10),
        "options": {"expires": 600, "queue": "bulk"},
    },
    "usage.settle": {
        "task": "usage.settle",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 50, "queue": "default"},
    },
    "usage.look": {
        "task": "usage.look",
        "schedule": timedelta(hours=1),
        "options": {"expires": 3000, "queue": "bulk"},
    },
    "usage.forget": {
        "task": "usage.forget",
        "schedule": timedelta(days=1),
        "options": {"expires": 80000, "queue": "bulk"},
    },
}
DJANGO_CELERY_BEAT_TZ_AWARE = True

# A running job writes its heartbeat this often; one silent for the lease is taken for lost.
JOB_HEARTBEAT_SECONDS = 3.0
JOB_LEASE_SECONDS = 15.0

# Each web process that is asked for its health looks this often whether workspaces are shown
# their own rows only; 0 for never.
ISOLATION_PROBE_SECONDS = 0.0 if ENV.toolboxai_env == "test" else 60.0
