from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "apps.mail"

    def ready(self) -> None:
        from apps.core import metrics
        from apps.mail import receivers, tracking
        from apps.mail.metrics import collect

        receivers.connect()
        tracking.connect()
        metrics.register("mail", collect)
