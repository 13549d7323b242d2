from __future__ import annotations

from types import SimpleNamespace

import pytest
from anymail.exceptions import (
    AnymailAPIError,
    AnymailInvalidAddress,
    AnymailRequestsAPIError,
)
from django.core.mail import EmailMessage
from requests import Response
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import ConnectTimeout, ReadTimeout

from apps.mail import anymail_api


class FailingMail(EmailMessage):
    def __init__(self, error):
        super().__init__("s", "b", to=["x@example.com"])
        self.error = error

    def send(self, **_about):
        raise self.error


def api_error(status):
    response = Response()
    response.status_code = status
    return AnymailRequestsAPIError("no", response=response)


class TestALostAnswer:
    """Whether a mail may have been taken though nothing came back."""

    @pytest.mark.parametrize(
        ("cause", "unclear"),
        [
            (ReadTimeout("slow"), True),
            (RequestsConnectionError(OSError("reset")), True),
            (ConnectTimeout("nobody there"), False),
            (RequestsConnectionError(SimpleNamespace(reason="refused")), False),
        ],
    )
    def test_it_is_unclear_only_once_the_mail_was_on_its_way(self, cause, unclear):
        error = AnymailAPIError("nothing")
        error.__cause__ = cause
        with pytest.raises(anymail_api.MailNotSent) as caught:
            anymail_api.deliver(FailingMail(error))
        assert caught.value.is_unclear is unclear


@pytest.mark.parametrize(
    ("error", "permanent"),
    [
        (api_error(400), True),
        (api_error(413), True),
        (api_error(401), False),
        (api_error(403), False),
        (api_error(429), False),
        (api_error(500), False),
        (api_error(503), False),
        (AnymailAPIError("no answer"), False),
        (AnymailInvalidAddress("bad"), True),
        (TimeoutError("slow"), False),
        (ConnectionRefusedError("down"), False),
    ],
)
def test_a_failure_says_whether_to_try_again(error, permanent):
    with pytest.raises(anymail_api.MailNotSent) as caught:
        anymail_api.deliver(FailingMail(error))
    assert caught.value.permanent is permanent
