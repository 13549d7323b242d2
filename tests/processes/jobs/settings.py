"""The product's settings, with the tests' tasks and of the schedule only what keeps jobs going."""

from config.settings import *  # noqa: F403

CELERY_IMPORTS = ("tests.processes.jobs.tasks",)
CELERY_BEAT_SCHEDULE = {"jobs.rescue": CELERY_BEAT_SCHEDULE["jobs.rescue"]}  # noqa: F405
