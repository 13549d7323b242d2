"""A person's own choice of mail; below `/accounts/` on every host."""

from __future__ import annotations

from django.urls import path

from apps.mail import preferences

urlpatterns = [
    path("mail/", preferences.choose, name="account_mail"),
    path("mail/again/", preferences.again, name="account_mail_again"),
]
