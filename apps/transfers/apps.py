from django.apps import AppConfig


class TransfersConfig(AppConfig):
    name = "apps.transfers"
    verbose_name = "Moving customers"

    def ready(self) -> None:
        from apps.transfers import receivers

        receivers.connect()
