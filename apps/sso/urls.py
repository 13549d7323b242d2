from __future__ import annotations

from django.urls import path

from apps.sso import settings_views, views

urlpatterns = [
    path("accounts/sso/login/", views.begin, name="sso_login"),
    path("accounts/sso/callback/", views.finish, name="sso_callback"),
    path("accounts/sso/link/<str:token>/", views.link, name="sso_link"),
    path("settings/sign-in/", settings_views.index, name="settings_sign_in"),
    path("settings/sign-in/test/", settings_views.test, name="sso_test"),
    path("settings/sign-in/require/", settings_views.require, name="sso_require"),
    path("settings/sign-in/remove/", settings_views.remove, name="sso_remove"),
]
