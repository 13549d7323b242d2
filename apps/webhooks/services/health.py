"""How an endpoint fares: what each outcome means for it, and when it is given up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from apps.accounts.models import User
from apps.audit.services import entries as audit
from apps.mail.services import messages
from apps.tenants.localisation import in_the_words_of
from apps.tenants.models import Tenant
from apps.webhooks import schedule
from apps.webhooks.models import Delivery, Endpoint

if TYPE_CHECKING:
    from apps.webhooks.services.deliveries import Outcome

GONE = 410
Reason = Endpoint.Reason


def note(*, endpoint: Endpoint, outcome: Outcome) -> None:
    """In the transaction that notes the attempt."""
    now = timezone.now()
    rows = Endpoint.objects.filter(pk=endpoint.pk)
    if outcome.is_success:
        rows.update(
            last_success_at=now, failing_since=None, failures=0, warned_at=None, paused_until=None
        )
        return
    endpoint = rows.select_for_update(no_key=True).select_related(None).get()
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or now
    endpoint.paused_until = _pause(endpoint, outcome, now)
    endpoint.save(update_fields=["failures", "failing_since", "paused_until"])
    if outcome.reply is not None and outcome.reply.status == GONE:
        switch_off(endpoint=endpoint, reason=Reason.GONE)
    elif now - endpoint.failing_since >= schedule.DISABLE_AFTER:
        switch_off(endpoint=endpoint, reason=Reason.FAILING)
    elif now - endpoint.failing_since >= schedule.WARN_AFTER and endpoint.warned_at is None:
        rows.update(warned_at=now)
        tell(endpoint=endpoint, template="mail/webhook_failing", problem=outcome.problem)


def switch_off(*, endpoint: Endpoint, reason: str, by: Any = None) -> None:
    """End all sending to it; what was on its way can be sent again later. Owners are told unless
    somebody of the workspace did it.
    """
    now = timezone.now()
    switched = Endpoint.objects.enabled().filter(pk=endpoint.pk)
    if not switched.update(disabled_at=now, disabled_reason=reason, updated_at=now):
        return
    endpoint.refresh_from_db()
    waiting = Delivery.objects.filter(endpoint=endpoint, state=Delivery.State.PENDING)
    waiting.update(state=Delivery.State.FAILED, finished_at=now)
    record("webhook.switched_off", endpoint, by, reason=reason)
    if reason != Reason.PERSON:
        tell(endpoint=endpoint, template="mail/webhook_switched_off")


def record(action: str, endpoint: Endpoint, by: Any, **data: Any) -> None:
    audit.record(
        action=action, by=by, schema_name=endpoint.tenant.schema_name, target=endpoint, data=data
    )


def tell(*, endpoint: Endpoint, template: str, problem: str = "") -> None:
    """A mail to the workspace's owners."""
    tenant = endpoint.tenant
    since = endpoint.failing_since or timezone.now()
    mail_owners(
        tenant=tenant, template=template, endpoint=endpoint, problem=problem,
        off_at=since + schedule.DISABLE_AFTER, url=f"{tenant.url}{endpoint.get_absolute_url()}",
    )  # fmt: skip


def mail_owners(*, tenant: Tenant, template: str, **about: Any) -> None:
    """A mail to each owner, in the workspace's words; `about` is the template's context."""
    owners = User.objects.filter(
        pk__in=tenant.memberships.owners().values("user_id"), is_active=True
    )
    context = {"tenant": tenant, **about}
    with in_the_words_of(tenant):
        for email in owners.values_list("email", flat=True):
            if email:
                messages.send(template=template, to=email, context=context, schema_name="public")


def _pause(endpoint: Endpoint, outcome: Outcome, now: datetime) -> datetime | None:
    """Only where nobody answered, or somebody asked for it: another failure is the message's."""
    pause = timedelta()
    if outcome.reply is None:
        pause = schedule.pause_after(endpoint.failures)
    if outcome.wish:
        pause = max(pause, min(timedelta(seconds=outcome.wish), schedule.LONGEST_WISH))
    return now + pause if pause else None


def clean_slate(*, endpoint: Endpoint) -> None:
    """Forget how it fared, as when it is switched on again."""
    Endpoint.objects.filter(pk=endpoint.pk).update(
        failing_since=None, failures=0, warned_at=None, paused_until=None, updated_at=timezone.now()
    )
