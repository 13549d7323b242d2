from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "apps.jobs"

    def ready(self) -> None:
        from apps.core import metrics
        from apps.jobs import alive
        from apps.jobs.metrics import collect

        metrics.register("jobs", collect)
        alive.connect()
