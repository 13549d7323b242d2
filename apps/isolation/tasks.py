from __future__ import annotations

from celery import shared_task

from apps.isolation.models import Probe
from apps.isolation.services import probes


@shared_task(name="isolation.probe", ignore_result=True)
def probe() -> None:
    probes.take(process=Probe.Process.WORKER)
