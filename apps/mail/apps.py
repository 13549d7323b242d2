from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "apps.mail"

    def ready(self) -> None:
        from apps.mail import receivers  # noqa: PLC0415 -- models must be loaded first

        receivers.connect()
