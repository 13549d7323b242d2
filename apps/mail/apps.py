from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "apps.mail"

    def ready(self) -> None:
        from apps.core import metrics
        from apps.mail import receivers, tracking
        from apps.mail.metrics import collect
        from apps.mail.services import sender_domains
        from apps.usage import gauges
        from apps.usage.plans import SENDER_DOMAINS

        receivers.connect()
        tracking.connect()
        metrics.register("mail", collect)
        gauges.register(SENDER_DOMAINS, sender_domains.count)
