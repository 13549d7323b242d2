"""The product's settings, and of the schedule what brings channels' webhooks on their way."""

from config.settings import *  # noqa: F403

_NEEDED = ("jobs.rescue", "realtime.collect")
CELERY_BEAT_SCHEDULE = {name: CELERY_BEAT_SCHEDULE[name] for name in _NEEDED}  # noqa: F405
