from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "apps.jobs"

    def ready(self) -> None:
        from apps.core import metrics
        from apps.jobs import alive, receivers
        from apps.jobs.metrics import collect

        receivers.connect()
        metrics.register("jobs", collect)
        alive.connect()
