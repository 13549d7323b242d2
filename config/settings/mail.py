"""Outgoing mail: SendGrid through Anymail when its key is given, else an outbox folder."""

from .environment import ENV, LOCAL_DIR

DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENV.default_from_email
MAIL_OUTBOX_DIR = ENV.mail_outbox_dir or LOCAL_DIR / "outbox"
MAIL_HAS_OUTBOX = not ENV.sendgrid_api_key.get_secret_value()
EMAIL_BACKEND = (
    "apps.mail.outbox.OutboxBackend"
    if MAIL_HAS_OUTBOX
    else "anymail.backends.sendgrid.EmailBackend"
)
MAIL_PROVIDER = "outbox" if MAIL_HAS_OUTBOX else "sendgrid"
ANYMAIL = {
    "SENDGRID_API_KEY": ENV.sendgrid_api_key.get_secret_value(),
    "SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY": ENV.sendgrid_webhook_key,
}
