from django.apps import AppConfig


class SsoConfig(AppConfig):
    name = "apps.sso"
    verbose_name = "Single sign-on"

    def ready(self) -> None:
        from apps.sso import receivers

        receivers.connect()
