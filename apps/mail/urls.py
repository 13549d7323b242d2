from __future__ import annotations

from django.urls import path

from apps.mail import preferences, tracking, views

urlpatterns = [
    path("mail/events/sendgrid/", tracking.sendgrid, name="mail_events_sendgrid"),
    path("mail/unsubscribe/<str:token>/", preferences.unsubscribe, name="mail_unsubscribe"),
    path("outbox/", views.index, name="outbox"),
    path("outbox/<slug:name>/", views.detail, name="outbox_message"),
    path("outbox/<slug:name>/html/", views.html, name="outbox_html"),
    path("outbox/<slug:name>/raw/", views.raw, name="outbox_raw"),
]
