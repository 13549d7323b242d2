from django.apps import AppConfig


class TransfersConfig(AppConfig):
    name = "apps.transfers"
    verbose_name = "Moving customers"

    def ready(self) -> None:
        from apps.transfers import job_subjects, receivers

        receivers.connect()
        job_subjects.register()
