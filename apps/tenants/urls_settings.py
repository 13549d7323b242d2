from __future__ import annotations

from django.urls import path, re_path

from apps.tenants.views import onboarding, roles, security, settings

urlpatterns = [
    path("settings/", settings.general, name="settings"),
    path("settings/branding/", settings.branding, name="settings_branding"),
    path("settings/branding/preview/", settings.preview, name="branding_preview"),
    path("settings/configuration/", settings.configuration, name="settings_configuration"),
    path("settings/configuration/history/", settings.history, name="settings_history"),
    path(
        "settings/configuration/history/<int:number>/restore/",
        settings.restore,
        name="settings_restore",
    ),
    path("settings/security/", security.index, name="settings_security"),
    path("settings/roles/", roles.index, name="settings_roles"),
    path("settings/roles/compare/", roles.compare, name="settings_roles_compare"),
    path("settings/roles/new/", roles.create, name="settings_role_new"),
    path("settings/roles/role/<slug:key>/", roles.detail, name="settings_role"),
    path("settings/roles/role/<slug:key>/delete/", roles.delete, name="settings_role_delete"),
    path("welcome/", onboarding.welcome, name="welcome"),
    path("welcome/branding/", onboarding.branding, name="welcome_branding"),
    path("welcome/invite/", onboarding.invite, name="welcome_invite"),
    path("welcome/close/", onboarding.close, name="welcome_close"),
    path("welcome/reopen/", onboarding.reopen, name="welcome_reopen"),
    path("welcome/<slug:step>/skip/", onboarding.skip, name="welcome_skip"),
    re_path(
        r"^branding/(?P<digits>[0-9a-f]{6})\.css$", settings.stylesheet, name="brand_stylesheet"
    ),
]
