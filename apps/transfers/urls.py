from __future__ import annotations

from django.urls import path

from apps.transfers.views import exports

urlpatterns = [
    path("settings/exports/", exports.index, name="settings_exports"),
    path("settings/exports/fragment/", exports.fragment, name="settings_exports_fragment"),
    path("settings/exports/<uuid:pk>/download/", exports.download, name="export_download"),
    path("settings/exports/<uuid:pk>/remove/", exports.remove, name="export_remove"),
]
