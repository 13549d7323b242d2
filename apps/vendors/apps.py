from django.apps import AppConfig


class VendorsConfig(AppConfig):
    name = "apps.vendors"
    verbose_name = "Outside services"

    def ready(self) -> None:
        from apps.core import metrics
        from apps.vendors.metrics import collect

        metrics.register("vendors", collect)
