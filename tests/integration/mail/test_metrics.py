from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from apps.core import metrics
from apps.mail.models import Message
from apps.mail.services import messages
from tests.factories.jobs import work_off


def shown() -> str:
    return metrics.render().decode()


def test_states_and_waiting_are_counted(write):
    write()
    assert 'toolboxai_mails_day{state="queued"} 1.0' in shown()
    assert "toolboxai_mail_oldest_queued_seconds 0.0\n" not in shown()
    Message.objects.update(state="held", held_for="outage")
    assert "toolboxai_mail_oldest_queued_seconds 0.0\n" not in shown()
    Message.objects.update(held_for="quiet")
    assert "toolboxai_mail_oldest_queued_seconds 0.0\n" in shown()
    Message.objects.update(state="queued", held_for="")
    write(sent=True)
    text = shown()
    assert 'toolboxai_mails_day{state="sent"} 2.0' in text
    assert "toolboxai_mail_oldest_queued_seconds 0.0\n" in text
    assert 'toolboxai_mail_queue_seconds{of="mean"} 0.0\n' not in text
    assert 'toolboxai_mail_suppressions{reason="bounce"} 0.0' in text


def test_who_wants_to_wait_is_not_late(write, owner):
    message = write()
    Message.objects.update(
        state="held", held_for="quiet", held_until=timezone.now(),
        created_at=timezone.now() - timedelta(hours=8),
    )  # fmt: skip
    messages.release()
    work_off()
    message.refresh_from_db()
    assert message.state == "sent"
    assert 'toolboxai_mail_queue_seconds{of="most"} 0.0' in shown()
