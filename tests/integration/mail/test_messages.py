from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from apps.core.errors import NotFound
from apps.jobs.models import JobRun
from apps.jobs.services import replays
from apps.jobs.task import run_now
from apps.mail import anymail_api
from apps.mail.catalogue import MissingVariable
from apps.mail.models import Message
from apps.mail.services import envelopes, messages, timeline
from tests.factories.jobs import work_off
from tests.factories.tenants import invite
from tests.factories.transactions import undo_after


def send(alpha, owner, **about):
    context = {"tenant": alpha, "person": owner}
    return messages.send(template="mail/welcome", to=owner.email, context=context, **about)


def refuse(monkeypatch, *, permanent):
    def fail(_mail, _sender):
        raise anymail_api.MailNotSent("It answered 500.", permanent=permanent)

    monkeypatch.setattr(anymail_api, "deliver", fail)


def test_a_mail_has_text_and_html(alpha, owner, mailoutbox):
    send(alpha, owner)
    work_off()
    (mail,) = mailoutbox
    assert alpha.url in mail.body
    assert mail.alternatives[0].mimetype == "text/html"
    assert f'href="{alpha.url}/"' in mail.alternatives[0].content


def test_names_are_escaped_in_html_only(alpha, owner, mailoutbox):
    alpha.name = "<b>O'Hara</b> & Sons"
    send(alpha, owner)
    work_off()
    assert mailoutbox[0].subject == "<b>O'Hara</b> & Sons is ready"
    assert "<b>O" not in mailoutbox[0].alternatives[0].content


def test_a_name_cannot_add_a_header(alpha, owner, mailoutbox):
    alpha.name = "Alpha\nBcc: everybody@school.example"
    send(alpha, owner)
    work_off()
    assert "\n" not in mailoutbox[0].subject
    assert mailoutbox[0].bcc == []


def test_a_mail_that_lacks_a_variable_is_not_written(alpha, owner):
    with pytest.raises(MissingVariable, match=r"person\.get_short_name"):
        messages.send(template="mail/welcome", to=owner.email, context={"tenant": alpha})
    assert not Message.objects.exists()


def test_a_mail_that_is_not_declared_is_not_written(owner):
    with pytest.raises(NotFound, match="mail/nonsense"):
        messages.send(template="mail/nonsense", to=owner.email, context={})


def test_the_same_key_writes_one_mail(alpha, owner, mailoutbox):
    first, second = (send(alpha, owner, idempotency_key="welcome-1") for _ in range(2))
    work_off()
    assert (first.pk, len(mailoutbox)) == (second.pk, 1)


def test_it_is_written_in_the_language_asked_for(alpha, owner):
    message = send(alpha, owner, language="de")
    assert (message.subject, message.language) == ("Alpha ist bereit", "de")
    assert 'lang="de"' in message.html


def test_what_it_says_is_kept_encrypted_and_secrets_only_until_it_left(alpha, owner):
    context = {"email": owner.email, "code": "1234 5678"}
    message = messages.send(template="account/email/login_code", to=owner.email, context=context)
    assert message.values["code"] == "1234 5678"
    with connection.cursor() as cursor:
        cursor.execute("SELECT context FROM mail_message")
        assert "1234" not in cursor.fetchone()[0]
    work_off()
    message.refresh_from_db()
    assert message.values == {"email": owner.email, "code": "…"}


def test_a_code_stands_in_the_mail_and_never_in_the_log(owner, mailoutbox):
    context = {"email": owner.email, "code": "1234 5678"}
    message = messages.send(template="account/email/login_code", to=owner.email, context=context)
    assert message.subject == "… is your sign-in code"
    assert envelopes.wrap(message).track_clicks is False
    work_off()
    assert mailoutbox[0].subject == "1234 5678 is your sign-in code"


@pytest.mark.parametrize(("template", "precedence"), [("welcome", None), ("trial_ending", "bulk")])
def test_no_program_is_to_answer_it(write, mailoutbox, template, precedence):
    message = write(f"mail/{template}", sent=True)
    (mail,) = mailoutbox
    headers = mail.message()
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["Precedence"] == precedence
    assert headers["Message-ID"].startswith(f"<{message.pk}@")


def test_a_code_that_would_come_too_late_is_not_sent(alpha, owner, mailoutbox):
    context = {"email": owner.email, "code": "1234 5678"}
    message = messages.send(template="account/email/login_code", to=owner.email, context=context)
    Message.objects.update(created_at=timezone.now() - timedelta(minutes=11))
    work_off()
    message.refresh_from_db()
    assert (message.state, message.text, mailoutbox) == ("failed", "", [])


def test_its_timeline_says_what_happened(alpha, owner):
    message = send(alpha, owner)
    work_off()
    assert list(message.events.values_list("kind", flat=True)) == ["queued", "sent"]


def test_an_outage_holds_it_until_the_service_answers(alpha, owner, monkeypatch, mailoutbox):
    message = send(alpha, owner)
    JobRun.objects.update(max_attempts=1)
    with monkeypatch.context() as patch:
        refuse(patch, permanent=False)
        run = run_now(JobRun.objects.get())
    message.refresh_from_db()
    assert (run.state, message.state, message.held_for) == ("succeeded", "held", "outage")
    assert messages.release() == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        assert messages.release() == 1
        work_off()
    message.refresh_from_db()
    assert (message.state, len(mailoutbox)) == ("sent", 1)


def test_the_log_is_kept_for_45_days(alpha, owner):
    send(alpha, owner)
    assert messages.forget() == 0
    Message.objects.update(created_at=timezone.now() - timedelta(days=46))
    messages.forget()
    assert not Message.objects.exists()


@pytest.mark.parametrize("news", list(permutations(["sent", "delivered", "opened", "bounced"])))
def test_news_may_come_in_any_order(news):
    state = "queued"
    for kind in news:
        state = timeline.following(state, kind)
    assert state == "bounced"


def test_a_deed_that_is_undone_sends_nothing(alpha, owner):
    with pytest.raises(RuntimeError):
        undo_after(lambda: send(alpha, owner))
    assert not Message.objects.exists()
    assert not JobRun.objects.exists()


def test_the_text_is_encrypted_until_it_left(alpha, owner):
    message = send(alpha, owner)
    with connection.cursor() as cursor:
        cursor.execute("SELECT text || html FROM mail_message")
        assert alpha.url not in cursor.fetchone()[0]
    work_off()
    message.refresh_from_db()
    assert (message.state, message.text, message.html) == ("sent", "", "")


def test_it_is_readable_whatever_the_workspace_it_was_written_in(in_alpha, owner, mailoutbox):
    message = send(in_alpha, owner)
    assert message.schema_name == "w_alpha"
    work_off()
    assert len(mailoutbox) == 1


def test_running_the_job_again_sends_nothing_more(alpha, owner, mailoutbox):
    message = send(alpha, owner)
    work_off()
    messages.deliver(message_id=str(message.pk))
    assert len(mailoutbox) == 1


def test_a_passing_failure_is_tried_again(alpha, owner, monkeypatch, mailoutbox):
    send(alpha, owner)
    with monkeypatch.context() as patch:
        refuse(patch, permanent=False)
        run = run_now(JobRun.objects.get())
    assert (run.state, run.attempts) == ("queued", 1)
    assert "It answered 500." in run.message
    assert Message.objects.get().state == "queued"


def test_a_refused_address_ends_it_and_an_operator_may_replay(
    alpha, owner, monkeypatch, mailoutbox
):
    send(alpha, owner)
    with monkeypatch.context() as patch:
        refuse(patch, permanent=True)
        run = run_now(JobRun.objects.get())
    message = Message.objects.get()
    assert (run.state, message.state, message.problem) == ("failed", "failed", "It answered 500.")
    replays.replay(run=run, by=None)
    work_off()
    assert len(mailoutbox) == 1


def test_the_database_keeps_no_text_of_a_sent_mail(alpha, owner):
    message = send(alpha, owner)
    work_off()
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(text="left over")


def test_an_invitations_job_shows_in_its_workspace(alpha, owner):
    invite(alpha, owner)
    assert JobRun.objects.of_workspace("w_alpha").get().name == "mail.send"


def test_a_waiting_mail_is_read_from_inside_a_workspace_too(alpha, owner):
    text = send(alpha, owner).text
    assert text
    with alpha:
        assert Message.objects.get().text == text
