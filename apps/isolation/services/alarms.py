"""Telling the operators that a workspace was shown another's row."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.services import entries as audit
from apps.isolation.models import Probe
from apps.mail.services import messages

log = structlog.get_logger(__name__)
# The first finding is told at once; while it goes on, once in this time.
QUIET = timedelta(hours=1)
SHOWN = 20


def sound(*, probe: Probe) -> None:
    """Write a log line of level error (which Sentry is sent), an audit row and mails to all
    operators. To be called in the transaction that keeps `probe`, before it is saved.
    """
    log.error(
        "isolation_leak",
        probe=str(probe.pk),
        process=probe.process,
        node=probe.node,
        foreign=probe.foreign,
        unwalled=probe.unwalled,
        findings=probe.findings[:SHOWN],
    )
    audit.record(
        action="isolation.leak_found",
        by=None,
        schema_name="public",
        target=probe,
        data={"foreign": probe.foreign, "unwalled": probe.unwalled, "findings": probe.findings},
    )
    if not Probe.objects.alarming().filter(started_at__gte=timezone.now() - QUIET).exists():
        _tell_operators(probe)


def _tell_operators(probe: Probe) -> None:
    operators = User.objects.filter(is_staff=True, is_active=True)
    for email in operators.values_list("email", flat=True):
        messages.send(
            template="mail/isolation_alarm",
            to=email,
            context={"probe": probe, "findings": probe.findings[:SHOWN]},
            schema_name="public",
        )
