from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "apps.mail"

    def ready(self) -> None:
        from apps.mail import receivers

        receivers.connect()
