from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "apps.payments"

    def ready(self) -> None:
        from apps.payments import document_receivers, dunning_receivers  # noqa: F401 -- connects
