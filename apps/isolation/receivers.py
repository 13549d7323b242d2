"""What this floor hears from below: a workspace opened, a process was asked for its health."""

from __future__ import annotations

import threading
import time
from typing import Any

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection

from apps.core.signals import health_asked
from apps.isolation.models import Probe
from apps.isolation.services import marks, probes
from apps.tenants.signals import workspace_opened

log = structlog.get_logger(__name__)


def connect() -> None:
    workspace_opened.connect(mark_workspace, dispatch_uid="isolation-mark")
    health_asked.connect(probe_when_due, dispatch_uid="isolation-probe")


def mark_workspace(tenant: Any, **_: Any) -> None:
    marks.write(schema_name=tenant.schema_name)


class _Turn:
    """Whose turn it is, in this process."""

    def __init__(self) -> None:
        self._next = 0.0
        self._lock = threading.Lock()

    def comes(self) -> bool:
        with self._lock:
            now = time.monotonic()
            due = now >= self._next
            if due:
                self._next = now + settings.ISOLATION_PROBE_SECONDS
            return due


_turn = _Turn()


def probe_when_due(**_: Any) -> threading.Thread | None:
    """Whatever balances the load asks every web process for its health every few seconds: then
    it looks through its own pool, beside the answer, at most once in ISOLATION_PROBE_SECONDS.
    """
    if not settings.ISOLATION_PROBE_SECONDS or not _turn.comes():
        return None
    thread = threading.Thread(target=_probe, name="isolation-probe", daemon=True)
    thread.start()
    return thread


def _probe() -> None:
    try:
        probes.take(process=Probe.Process.WEB)
    except DatabaseError as error:
        log.warning("isolation_probe_missed", error=type(error).__name__)
    finally:
        connection.close()
