"""The mail service, through Anymail, or the outbox folder: whichever EMAIL_BACKEND names.

The only importer of Anymail. Every failure leaves as `MailNotSent`.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from smtplib import SMTPException

from anymail.exceptions import (
    AnymailAPIError,
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
)
from django.conf import settings
from django.core.mail import EmailMessage

from apps.core.breaker import declare, guard
from apps.core.errors import VendorError

VENDOR = "mail"
declare(VENDOR, "Mail service")


class MailNotSent(VendorError):
    code = "mail_not_sent"
    title = "The mail service did not take the message"


@dataclass(frozen=True)
class Receipt:
    """Which service took a mail, and what it calls it ("" where it has no name for it)."""

    provider: str
    message_id: str = ""


def deliver(mail: EmailMessage) -> Receipt:
    """Send one mail; raises `MailNotSent`, permanent when the address or the account is refused,
    and `BreakerOpen` while the service is left alone.
    """
    try:
        guard(VENDOR, mail.send, is_failure=_is_outage)
    except (AnymailInvalidAddress, AnymailRecipientsRefused) as error:
        raise MailNotSent("The address was refused.", permanent=True) from error
    except AnymailAPIError as error:
        raise MailNotSent(
            f"It answered {error.status_code or 'nothing'}.", permanent=_is_permanent(error)
        ) from error
    except (AnymailError, SMTPException, OSError) as error:
        raise MailNotSent(f"{type(error).__name__} while sending.") from error
    status = getattr(mail, "anymail_status", None)
    return Receipt(settings.MAIL_PROVIDER, str(getattr(status, "message_id", None) or ""))


def _is_outage(error: BaseException) -> bool:
    if isinstance(error, AnymailAPIError):
        return not error.status_code or error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
    return isinstance(error, SMTPException | OSError)


def _is_permanent(error: AnymailAPIError) -> bool:
    status = error.status_code or 0
    return (
        HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
        and status != HTTPStatus.TOO_MANY_REQUESTS
    )
