from django.apps import AppConfig


class GatewayConfig(AppConfig):
    name = "apps.gateway"

    def ready(self) -> None:
        from apps.gateway import metrics, receivers  # noqa: F401 -- shown from the first scrape on

        receivers.connect()
