"""The mail services: the first is whichever EMAIL_BACKEND names (SendGrid through Anymail, SMTP,
or the outbox folder), the second takes over while the first is unwell.

The only one that sends through Anymail. Every failure leaves as `MailNotSent`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from http import HTTPStatus
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused
from typing import Any

from anymail.exceptions import (
    AnymailAPIError,
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
)
from django.conf import settings
from django.core.mail import get_connection
from requests.exceptions import ConnectTimeout

from apps.core.breaker import declare, guard
from apps.core.errors import VendorError
from apps.mail.signatures import Key, SignedMail

VENDOR, SECOND = "mail", "mail_second"
declare(VENDOR, "Mail service")
declare(SECOND, "Second mail service")
# What a service says of us, not of the mail: a key that is revoked, a sender that it does not know
# any more, a limit. Mended there, the same mail goes through.
OF_THE_ACCOUNT = {
    HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS,
}  # fmt: skip
NEWS_TAKES = 10.0  # seconds until a service has told of a mail that it took
LONGEST_WAIT = 300.0  # seconds; a clock that goes wrong is not to stop all mail


class MailNotSent(VendorError):
    """`is_unclear`: its answer was lost, so it may have taken the message all the same."""

    code = "mail_not_sent"
    title = "The mail service did not take the message"
    is_unclear = False


@dataclass(frozen=True)
class Receipt:
    """Which service took a mail, from whom, and what it calls it ("" where it has no name)."""

    provider: str
    sender: str
    message_id: str = ""


@dataclass(frozen=True)
class Sender:
    """A workspace's own. `signer` is whose signature its domain has been set up for: "sendgrid", or
    "own" for the product's, with `key`.
    """

    name: str
    address: str
    signer: str
    key: Key | None = None

    @property
    def header(self) -> str:
        quoted = self.name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{self.address}>'


@dataclass(frozen=True)
class Provider:
    """`vendor` is the name of its circuit. Without a `backend` it is Django's own."""

    name: str
    vendor: str
    backend: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def providers() -> list[Provider]:
    """Those that are set up, in the order in which they are asked."""
    found = [Provider(settings.MAIL_PROVIDER, VENDOR)]
    if second := settings.MAIL_SECOND_PROVIDER:
        found.append(Provider(second["name"], SECOND, second["backend"], second["options"]))
    return found


def deliver(mail: SignedMail, sender: Sender | None = None) -> Receipt:
    """Send one mail through the first service that takes it; from `sender` where that service's
    mail is signed for its domain, else from the product.

    Raises `MailNotSent`, permanent when the address or the mail is refused, which no other
    service is asked about; and `BreakerOpen` while all are left alone. An account that is refused
    says nothing of the mail: the next service is asked, and without one the mail waits. Where a
    service's answer is lost that tells afterwards what it has taken, nobody is asked until it
    could do so: a second service would send a second mail.
    """
    failure: VendorError | None = None
    for provider in providers():
        try:
            return _deliver(mail, provider, sender)
        except VendorError as error:
            if error.permanent or (getattr(error, "is_unclear", False) and _tells()):
                raise
            failure = failure or error
    assert failure is not None  # noqa: S101 -- there is always a first service
    raise failure


def _address(mail: SignedMail, provider: Provider, sender: Sender | None) -> str:
    """Say whom the mail comes from; returns the address."""
    mail.from_email, mail.key = settings.DEFAULT_FROM_EMAIL, None
    mail.extra_headers.pop("From", None)
    if sender is None or (sender.signer == "sendgrid") != (provider.name == "sendgrid"):
        return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    if sender.key is None:
        mail.from_email = sender.header
    else:  # the envelope stays the product's, whose servers take what bounces
        mail.extra_headers["From"], mail.key = sender.header, sender.key
    return sender.address


def _deliver(mail: SignedMail, provider: Provider, sender: Sender | None) -> Receipt:
    shown = _address(mail, provider, sender)
    mail.connection = get_connection(provider.backend, **provider.options)
    try:
        guard(provider.vendor, mail.send, is_failure=_is_outage)
    except (AnymailInvalidAddress, AnymailRecipientsRefused) as error:
        raise MailNotSent("The address was refused.", permanent=True) from error
    except AnymailAPIError as error:
        failure = MailNotSent(
            f"It answered {error.status_code or 'nothing'}.",
            permanent=_is_permanent(error),
            retry_after=_wait(error),
        )
        failure.is_unclear = _is_unclear(error)
        raise failure from error
    except SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise MailNotSent(
            f"The address was refused ({', '.join(map(str, codes))}).",
            permanent=all(code >= HTTPStatus.INTERNAL_SERVER_ERROR for code in codes),
        ) from error
    except SMTPDataError as error:
        raise MailNotSent(
            f"The mail was refused ({error.smtp_code}).",
            permanent=error.smtp_code >= HTTPStatus.INTERNAL_SERVER_ERROR,
        ) from error
    except (AnymailError, SMTPException, OSError) as error:
        raise MailNotSent(f"{type(error).__name__} while sending.") from error
    status = getattr(mail, "anymail_status", None)
    return Receipt(provider.name, shown, str(getattr(status, "message_id", None) or ""))


def _is_outage(error: BaseException) -> bool:
    if isinstance(error, AnymailAPIError):
        status = error.status_code or HTTPStatus.INTERNAL_SERVER_ERROR
        return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.UNAUTHORIZED
    if isinstance(error, SMTPRecipientsRefused | SMTPDataError):
        return False
    return isinstance(error, SMTPException | OSError)


def _tells() -> bool:
    """Whether the first service reports what became of a mail (`apps.mail.tracking`)."""
    return bool(settings.ANYMAIL["SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY"])


def _is_unclear(error: AnymailAPIError) -> bool:
    """Whether the mail was on its way and only the answer is lacking."""
    cause = error.__cause__
    if error.status_code or cause is None or isinstance(cause, ConnectTimeout):
        return False
    # What could not be reached at all has a reason (urllib3's MaxRetryError).
    return not getattr(cause.args[0] if cause.args else cause, "reason", None)


def _wait(error: AnymailAPIError) -> float | None:
    """Seconds until its limit is reset, which SendGrid says as a moment:
    https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/rate-limits
    """
    if _is_unclear(error) and _tells():
        return NEWS_TAKES
    if error.status_code != HTTPStatus.TOO_MANY_REQUESTS:
        return None
    reset = error.response.headers.get("X-RateLimit-Reset", "")
    return min(max(1.0, int(reset) - time.time()), LONGEST_WAIT) if reset.isdigit() else None


def _is_permanent(error: AnymailAPIError) -> bool:
    status = error.status_code or 0
    return (
        HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
        and status not in OF_THE_ACCOUNT
    )
