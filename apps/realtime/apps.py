from importlib import import_module

from django.apps import AppConfig

from apps.core import metrics


class RealtimeConfig(AppConfig):
    name = "apps.realtime"

    def ready(self) -> None:
        import_module("apps.realtime.checks")
        import_module("apps.realtime.receivers")
        metrics.register("realtime", import_module("apps.realtime.metrics").collect)
