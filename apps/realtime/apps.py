from importlib import import_module

from django.apps import AppConfig

from apps.core import metrics
from apps.realtime import applications


class RealtimeConfig(AppConfig):
    name = "apps.realtime"

    def ready(self) -> None:
        import_module("apps.realtime.checks")
        import_module("apps.realtime.receivers")
        metrics.register("realtime", import_module("apps.realtime.metrics").collect)
        credentials = import_module("apps.realtime.credentials")
        applications.register(credentials.find, credentials.exists)
        from apps.usage import gauges
        from apps.usage.plans import CONNECTIONS, REALTIME_APPS

        services = import_module("apps.realtime.services.realtime_apps")
        gauges.register(REALTIME_APPS, services.count)
        gauges.register(CONNECTIONS, import_module("apps.realtime.quotas").peak)
