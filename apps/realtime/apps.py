from importlib import import_module

from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    name = "apps.realtime"

    def ready(self) -> None:
        import_module("apps.realtime.checks")
        import_module("apps.realtime.receivers")
