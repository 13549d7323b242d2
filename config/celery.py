"""The Celery application: `celery -A config worker`, `celery -A config beat`."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

from celery import Celery
from celery.app.amqp import AMQP
from kombu import Connection

from apps.jobs import kept_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class Broker(Connection):
    """Looks every few seconds whether a broker that is away is back; Celery waits longer each time,
    up to half a minute, and has no setting for that.
    """

    def ensure_connection(self, *args: Any, **policy: Any) -> Connection:  # type: ignore[override]
        defaults = {"interval_start": 1, "interval_step": 1, "interval_max": 3}
        return super().ensure_connection(*args, **defaults | policy)

    def maybe_close_channel(self, channel: Any) -> None:
        """A broker that is away takes no messages back. kombu tries all the same, trips over the
        address it has forgotten by then, and the whole worker ended with that.
        """
        with suppress(AttributeError):
            super().maybe_close_channel(channel)


class Protocol(AMQP):
    Connection = Broker


app = Celery("toolboxai", amqp=Protocol)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
kept_connections.keep(app)
