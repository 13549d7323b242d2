from __future__ import annotations

from apps.core import metrics
from apps.mail.models import Message


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
