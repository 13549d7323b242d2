from __future__ import annotations

from django.urls import path

from apps.mail import views

urlpatterns = [
    path("outbox/", views.index, name="outbox"),
    path("outbox/<slug:name>/", views.detail, name="outbox_message"),
    path("outbox/<slug:name>/html/", views.html, name="outbox_html"),
    path("outbox/<slug:name>/raw/", views.raw, name="outbox_raw"),
]
