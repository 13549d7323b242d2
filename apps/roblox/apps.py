from django.apps import AppConfig


class RobloxConfig(AppConfig):
    name = "apps.roblox"
