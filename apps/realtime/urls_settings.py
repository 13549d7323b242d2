from __future__ import annotations

from django.urls import path

from apps.realtime import pages, webhook_pages

ONE = "settings/realtime/webhooks/<uuid:pk>/"
urlpatterns = [
    path("settings/realtime/", pages.index, name="settings_realtime"),
    path("settings/realtime/new/", pages.new, name="realtime_app_new"),
    path(
        "settings/realtime/<uuid:app_pk>/webhooks/new/",
        webhook_pages.new,
        name="channel_webhook_new",
    ),
    path(ONE, webhook_pages.detail, name="channel_webhook"),
    path(f"{ONE}fragment/", webhook_pages.fragment, name="channel_webhook_fragment"),
    path(f"{ONE}edit/", webhook_pages.edit, name="channel_webhook_edit"),
    path(f"{ONE}switch/", webhook_pages.switch, name="channel_webhook_switch"),
    path(f"{ONE}test/", webhook_pages.test, name="channel_webhook_test"),
    path(f"{ONE}remove/", webhook_pages.remove, name="channel_webhook_remove"),
    path(
        f"{ONE}deliveries/<uuid:delivery_pk>/resend/",
        webhook_pages.resend,
        name="channel_webhook_resend",
    ),
    path("settings/realtime/<uuid:pk>/", pages.detail, name="realtime_app"),
    path("settings/realtime/<uuid:pk>/edit/", pages.edit, name="realtime_app_edit"),
    path("settings/realtime/<uuid:pk>/rotate/", pages.rotate, name="realtime_app_rotate"),
    path("settings/realtime/<uuid:pk>/former/", pages.end_former, name="realtime_app_end_former"),
    path("settings/realtime/<uuid:pk>/switch/", pages.switch, name="realtime_app_switch"),
    path("settings/realtime/<uuid:pk>/delete/", pages.remove, name="realtime_app_remove"),
]
