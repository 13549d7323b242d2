from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class CoreConfig(AppConfig):
    name = "apps.core"


class OperatorConsoleConfig(admin_apps.AdminConfig):
    """Django's admin with the operator console as its site."""

    default = False
    default_site = "apps.core.operator_site.OperatorSite"
