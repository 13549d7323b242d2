"""Where the mail service reports to: Anymail's view, which checks the signature first."""

from __future__ import annotations

from typing import Any, Final, cast

from anymail.signals import AnymailTrackingEvent, tracking
from anymail.webhooks.sendgrid import SendGridTrackingWebhookView
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from apps.mail.services import news

SENDGRID: Final = SendGridTrackingWebhookView.as_view()


@csrf_exempt
def sendgrid(request: HttpRequest) -> HttpResponseBase:
    """Closed where no key of SendGrid's signature is set: nothing unsigned is believed."""
    if not settings.ANYMAIL["SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY"]:
        raise Http404("No mail service reports here.")
    return cast("HttpResponseBase", SENDGRID(request))


def connect() -> None:
    tracking.connect(note, dispatch_uid="mail-tracking")


def note(event: AnymailTrackingEvent, esp_name: str, **_: Any) -> None:
    raw = event.esp_event or {}
    # SendGrid calls a refusal that may pass "blocked", and tells it as a bounce.
    passing = raw.get("type") in {"blocked", "expired"}
    news.hear(
        kind=event.event_type,
        provider=esp_name.lower(),
        metadata=event.metadata or {},
        message_id=event.message_id or "",
        event_id=event.event_id,
        at=event.timestamp,
        detail=event.mta_response or event.reject_reason or "",
        is_lasting=(event.event_type == "bounced" and not passing)
        or event.reject_reason in news.LASTING_REJECTIONS,
    )
