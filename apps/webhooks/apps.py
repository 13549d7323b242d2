from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "apps.webhooks"

    def ready(self) -> None:
        from apps.core import metrics
        from apps.usage import gauges
        from apps.usage.plans import WEBHOOKS
        from apps.webhooks import job_subjects, receivers
        from apps.webhooks.metrics import collect
        from apps.webhooks.services import endpoints

        receivers.connect()
        job_subjects.register()
        gauges.register(WEBHOOKS, endpoints.count)
        metrics.register("webhooks", collect)
