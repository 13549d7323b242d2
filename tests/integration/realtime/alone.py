from django.apps import AppConfig


class Alone(AppConfig):
    """The app's models; nobody looks for workspaces' applications, which are in a database."""

    name = "apps.realtime"
