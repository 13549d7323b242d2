from __future__ import annotations

from django.apps import AppConfig


class ImpersonationConfig(AppConfig):
    name = "apps.impersonation"

    def ready(self) -> None:
        from apps.impersonation import receivers

        receivers.connect()
