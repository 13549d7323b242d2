from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class AccountsConfig(AppConfig):
    name = "apps.accounts"

    def ready(self) -> None:
        from apps.accounts import receivers

        user_logged_in.connect(receivers.remember_device, dispatch_uid="remember-device")
