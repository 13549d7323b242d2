from __future__ import annotations

from django.urls import path

from apps.webhooks import views

ONE = "settings/webhooks/<uuid:pk>/"
urlpatterns = [
    path("settings/webhooks/", views.index, name="settings_webhooks"),
    path("settings/webhooks/new/", views.new, name="webhook_new"),
    path(ONE, views.detail, name="webhook"),
    path(f"{ONE}fragment/", views.fragment, name="webhook_fragment"),
    path(f"{ONE}edit/", views.edit, name="webhook_edit"),
    path(f"{ONE}switch/", views.switch, name="webhook_switch"),
    path(f"{ONE}test/", views.test, name="webhook_test"),
    path(f"{ONE}secret/", views.secret, name="webhook_secret"),
    path(f"{ONE}rotate/", views.rotate, name="webhook_rotate"),
    path(f"{ONE}remove/", views.remove, name="webhook_remove"),
    path(f"{ONE}replay/", views.replay_failed, name="webhook_replay_failed"),
    path(f"{ONE}deliveries/<uuid:delivery_pk>/", views.delivery, name="webhook_delivery"),
    path(
        f"{ONE}deliveries/<uuid:delivery_pk>/fragment/",
        views.delivery_fragment,
        name="webhook_delivery_fragment",
    ),
    path(f"{ONE}deliveries/<uuid:delivery_pk>/replay/", views.replay, name="webhook_replay"),
]
