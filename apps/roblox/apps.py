from django.apps import AppConfig


class RobloxConfig(AppConfig):
    name = "apps.roblox"

    def ready(self) -> None:
        from apps.roblox import receivers

        receivers.connect()
