from django.apps import AppConfig


class UsageConfig(AppConfig):
    name = "apps.usage"

    def ready(self) -> None:
        from apps.core import metrics
        from apps.tenants.configuration import declare_limits
        from apps.usage import receivers
        from apps.usage.metrics import collect
        from apps.usage.plans import LIMITS

        declare_limits({limit.key: limit.label for limit in LIMITS.values()})
        receivers.connect()
        metrics.register("usage", collect)
