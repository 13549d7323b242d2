from __future__ import annotations

from django.urls import path

from apps.mail import log

urlpatterns = [path("settings/mail/", log.index, name="settings_mail")]
