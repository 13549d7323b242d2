from django.apps import AppConfig


class IsolationConfig(AppConfig):
    name = "apps.isolation"

    def ready(self) -> None:
        from apps.core import metrics
        from apps.isolation import receivers
        from apps.isolation.metrics import collect

        receivers.connect()
        metrics.register("isolation", collect)
