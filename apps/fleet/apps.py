from django.apps import AppConfig
from django.core.checks import Tags, register


class FleetConfig(AppConfig):
    name = "apps.fleet"
    label = "fleet"
    verbose_name = "Fleet"

    def ready(self) -> None:
        from apps.core import metrics
        from apps.fleet.metrics import collect
        from apps.fleet.system_checks import check_version

        metrics.register("fleet", collect)
        register(check_version, Tags.database)
