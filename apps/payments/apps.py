from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "apps.payments"

    def ready(self) -> None:
        from apps.core import metrics
        from apps.payments import (  # noqa: F401 -- connects
            document_receivers,
            dunning_receivers,
            money_receivers,
            workspace_receivers,
        )
        from apps.payments.metrics import collect

        metrics.register("payments", collect)
