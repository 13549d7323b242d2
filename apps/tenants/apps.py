from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save


class TenantsConfig(AppConfig):
    name = "apps.tenants"

    def ready(self) -> None:
        from apps.tenants import directory, receivers
        from apps.tenants.models import Domain, Tenant

        for model in (Tenant, Domain):
            post_save.connect(directory.forget, sender=model, dispatch_uid=f"forget-{model}")
            post_delete.connect(directory.forget, sender=model, dispatch_uid=f"forget-del-{model}")
        receivers.connect()
