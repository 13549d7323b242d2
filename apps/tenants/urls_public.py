from __future__ import annotations

from django.urls import path

from apps.tenants.views import certificates, invitations, lifecycle, links, workspaces

urlpatterns = [
    path("", workspaces.landing, name="landing"),
    path("workspaces/", workspaces.index, name="workspaces"),
    path("workspaces/new/", workspaces.create, name="workspace_new"),
    path("workspaces/new/address/", workspaces.check_slug, name="workspace_address"),
    path("workspaces/<slug:slug>/setting-up/", workspaces.setting_up, name="workspace_progress"),
    path(
        "workspaces/<slug:slug>/setting-up/fragment/",
        workspaces.progress,
        name="workspace_progress_fragment",
    ),
    path("workspaces/<slug:slug>/retry/", workspaces.retry, name="workspace_retry"),
    path("workspaces/<slug:slug>/keep/", lifecycle.keep, name="workspace_keep"),
    path("workspaces/<slug:slug>/enter/", workspaces.enter, name="workspace_enter"),
    path("internal/tls/ask", certificates.ask, name="tls_ask"),
    path("invitations/<uuid:pk>/join/", invitations.join, name="invitation_join"),
    path("invitations/link/<str:token>/", links.show, name="invitation_link"),
    path("invitations/<str:token>/", invitations.show, name="invitation"),
]
