"""Outgoing mail: SendGrid through Anymail when its key is given, a server of one's own over SMTP in
its place or behind it, and an outbox folder without either.
"""

from typing import Any
from urllib.parse import unquote, urlsplit

from .environment import ENV, LOCAL_DIR

SMTP = "django.core.mail.backends.smtp.EmailBackend"
TIMEOUT = 20  # seconds


def _smtp(address: str) -> dict[str, Any]:
    """What Django's SMTP backend wants to know, out of `smtp://<user>:<password>@<host>:587`
    (STARTTLS) or `smtps://…` (TLS from the start); to loopback nothing is encrypted.
    """
    url = urlsplit(address)
    is_near = url.hostname in {"127.0.0.1", "localhost", "::1"}
    return {
        "host": url.hostname,
        "port": url.port or (465 if url.scheme == "smtps" else 587),
        "username": unquote(url.username or ""),
        "password": unquote(url.password or ""),
        "use_ssl": url.scheme == "smtps",
        "use_tls": url.scheme == "smtp" and not is_near,
        "timeout": TIMEOUT,
    }


_sendgrid = ENV.sendgrid_api_key.get_secret_value()
_server = ENV.mail_smtp_url.get_secret_value()

DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENV.default_from_email
MAIL_OUTBOX_DIR = ENV.mail_outbox_dir or LOCAL_DIR / "outbox"
MAIL_HAS_OUTBOX = not (_sendgrid or _server)
MAIL_SECOND_PROVIDER: dict[str, Any] | None = None
if _sendgrid:
    MAIL_PROVIDER, EMAIL_BACKEND = "sendgrid", "anymail.backends.sendgrid.EmailBackend"
    if _server:
        MAIL_SECOND_PROVIDER = {"name": "smtp", "backend": SMTP, "options": _smtp(_server)}
elif _server:
    MAIL_PROVIDER, EMAIL_BACKEND = "smtp", SMTP
    _options = _smtp(_server)
    EMAIL_HOST, EMAIL_PORT = _options["host"], _options["port"]
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _options["username"], _options["password"]
    EMAIL_USE_SSL, EMAIL_USE_TLS = _options["use_ssl"], _options["use_tls"]
    EMAIL_TIMEOUT = TIMEOUT
else:
    MAIL_PROVIDER, EMAIL_BACKEND = "outbox", "apps.mail.outbox.OutboxBackend"
SENDGRID_API_URL, SENDGRID_API_KEY = ENV.sendgrid_api_url, _sendgrid
ANYMAIL = {
    "REQUESTS_TIMEOUT": TIMEOUT,
    "SENDGRID_API_KEY": _sendgrid,
    "SENDGRID_API_URL": f"{ENV.sendgrid_api_url}/v3/",
    "SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY": ENV.sendgrid_webhook_key,
}
