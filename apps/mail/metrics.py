"""How outgoing mail stands, for `/metrics`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Avg, Count, F, Max, Min, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from prometheus_client.metrics_core import Metric

from apps.core import metrics
from apps.mail.models import Message, SenderDomain, Suppression
from apps.mail.sender_models import STATES

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def collect() -> Iterator[Metric]:
    """Mails of the last day by what became of them, and how long they waited to leave."""
    yield _states()
    yield from _waiting()
    held = metrics.gauge("mail_suppressions", "Suppressions in force.", ["reason"])
    rows = Suppression.objects.filter(lifted_at=None).order_by().values_list("reason")
    counted = dict(rows.annotate(Count("pk")))
    for reason in Suppression.Reason.values:
        held.add_metric([reason], counted.get(reason, 0))
    yield held
    yield from _sender_domains()


def _sender_domains() -> Iterator[Metric]:
    family = metrics.gauge("sender_domains", "Workspaces' sender domains.", ["state"])
    counts = {state: Count("pk", filter=rule) for state, (_, rule) in STATES.items()}
    found = SenderDomain.objects.aggregate(
        **counts, checked=Min(Coalesce("checked_at", "created_at"), filter=Q(is_live=True))
    )
    for state in STATES:
        family.add_metric([state], found[state])
    yield family
    oldest = metrics.gauge(
        "sender_domain_oldest_check_seconds", "Since a verified sender domain was last looked at."
    )
    since = found["checked"]
    oldest.add_metric([], (timezone.now() - since).total_seconds() if since else 0.0)
    yield oldest


def _states() -> Metric:
    family = metrics.gauge("mails_day", "Mails written in the last day.", ["state"])
    rows = Message.objects.filter(created_at__gte=timezone.now() - DAY).order_by()
    counted = dict(rows.values_list("state").annotate(Count("pk")))
    for state in Message.State.values:
        family.add_metric([state], counted.get(state, 0))
    return family


def _waiting() -> Iterator[Metric]:
    """Without those that wait because their reader wants them to."""
    now = timezone.now()
    late = Q(state=Message.State.QUEUED, held_for__in=("", Message.Hold.OUTAGE))
    late |= Q(state=Message.State.HELD, held_for=Message.Hold.OUTAGE)
    queued = Message.objects.filter(late, created_at__gte=now - DAY)
    first = queued.aggregate(first=Min("created_at"))["first"]
    oldest = metrics.gauge(
        "mail_oldest_queued_seconds", "How long the oldest mail waits that is to leave."
    )
    oldest.add_metric([], (now - first).total_seconds() if first else 0.0)
    yield oldest
    sent = Message.objects.filter(sent_at__gte=now - HOUR, held_for="")
    waited = sent.aggregate(mean=Avg(F("sent_at") - F("created_at")),
                            most=Max(F("sent_at") - F("created_at")))  # fmt: skip
    family = metrics.gauge(
        "mail_queue_seconds", "From written to sent, of the last hour's mails.", ["of"]
    )
    for name, value in waited.items():
        family.add_metric([name], value.total_seconds() if value else 0.0)
    yield family
