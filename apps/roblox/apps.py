from django.apps import AppConfig


class RobloxConfig(AppConfig):
    name = "apps.roblox"

    def ready(self) -> None:
        from apps.roblox import help_source, receivers

        receivers.connect()
        help_source.register()
