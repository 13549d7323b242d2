"""Two mail services, over real SMTP."""

from __future__ import annotations

import socket

import pytest
from aiosmtpd.controller import Controller

from apps.core.breaker import open_breaker
from apps.mail import anymail_api
from apps.mail.models import Message
from apps.mail.services import messages

SMTP = "django.core.mail.backends.smtp.EmailBackend"


class Mailbox:
    """What an SMTP server was given; `refuse` is what it answers instead."""

    def __init__(self):
        self.received, self.refuse = [], ""

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        self.received.append(envelope)
        return "250 OK"


@pytest.fixture
def mailbox():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(Mailbox(), hostname="127.0.0.1", port=port)
    controller.start()
    controller.handler.port = port
    yield controller.handler
    controller.stop()


@pytest.fixture
def second(settings, mailbox, own_redis):
    """The first service is down, the second one answers."""
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", 1
    settings.MAIL_PROVIDER = "sendgrid"
    settings.MAIL_SECOND_PROVIDER = {
        "name": "smtp", "backend": SMTP,
        "options": {"host": "127.0.0.1", "port": mailbox.port, "timeout": 5},
    }  # fmt: skip
    return mailbox


def test_the_second_service_takes_over(second, write):
    message = write(sent=True)
    (envelope,) = second.received
    assert (message.state, message.provider) == ("sent", "smtp")
    assert envelope.rcpt_tos == [message.to]
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in envelope.content


def test_it_takes_over_at_once_while_the_first_is_left_alone(second, write):
    open_breaker(anymail_api.VENDOR)
    assert write(sent=True).provider == "smtp"


def test_an_address_that_is_refused_is_refused(second, write):
    second.refuse = "550 5.1.1 No such user"
    message = write(sent=True)
    assert (message.state, second.received) == ("failed", [])
    assert "550" in message.problem


def test_with_both_down_it_waits(second, write, settings):
    settings.MAIL_SECOND_PROVIDER["options"]["port"] = 1
    write()
    with pytest.raises(anymail_api.MailNotSent):
        messages.deliver(message_id=str(Message.objects.get().pk))
    assert Message.objects.get().state == "queued"
