from django.apps import AppConfig


class ScimConfig(AppConfig):
    name = "apps.scim"

    def ready(self) -> None:
        from apps.scim import receivers

        receivers.connect()
