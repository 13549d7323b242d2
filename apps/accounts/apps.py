from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"

    def ready(self) -> None:
        from apps.accounts import receivers, social_adapter, social_circuits

        receivers.connect()
        social_circuits.declare(social_adapter.configured())
