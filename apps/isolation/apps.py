from django.apps import AppConfig


class IsolationConfig(AppConfig):
    name = "apps.isolation"

    def ready(self) -> None:
        from apps.core import metrics
        from apps.fleet.services import checks
        from apps.isolation import receivers
        from apps.isolation.metrics import collect
        from apps.isolation.services import probes

        receivers.connect()
        metrics.register("isolation", collect)
        checks.register("isolation", probes.complaints)
