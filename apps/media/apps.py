from django.apps import AppConfig


class MediaConfig(AppConfig):
    name = "apps.media"

    def ready(self) -> None:
        from apps.media import receivers
        from apps.media.services import blobs
        from apps.usage import gauges
        from apps.usage.plans import STORAGE

        gauges.register(STORAGE, blobs.total_size)
        receivers.connect()
