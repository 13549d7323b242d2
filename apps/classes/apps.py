from django.apps import AppConfig


class ClassesConfig(AppConfig):
    name = "apps.classes"

    def ready(self) -> None:
        from apps.classes import receivers
        from apps.classes.services import classes
        from apps.usage import gauges
        from apps.usage.plans import CLASSES

        gauges.register(CLASSES, classes.count)
        receivers.connect()
