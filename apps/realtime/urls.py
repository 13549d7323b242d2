from __future__ import annotations

from django.urls import path

from apps.realtime import views

app_name = "realtime"
urlpatterns = [
    path("auth", views.authorise, name="auth"),
    path("user-auth", views.authenticate, name="user_auth"),
]
