from importlib import import_module

from django.apps import AppConfig


class SemanticCacheConfig(AppConfig):
    name = "apps.semantic_cache"
    verbose_name = "Semantic cache"

    def ready(self) -> None:
        from apps.core import metrics
        from apps.semantic_cache import receivers
        from apps.semantic_cache.metrics import collect

        import_module("apps.semantic_cache.system_checks")
        receivers.connect()
        metrics.register("semantic_cache", collect)
