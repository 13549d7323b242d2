from django.apps import AppConfig


class RobloxConfig(AppConfig):
    name = "apps.roblox"

    def ready(self) -> None:
        from apps.roblox import help_source, job_subjects, receivers

        receivers.connect()
        help_source.register()
        job_subjects.register()
