from __future__ import annotations

from django.urls import path

from apps.tenants.views import invitations, workspaces

urlpatterns = [
    path("", workspaces.landing, name="landing"),
    path("workspaces/", workspaces.index, name="workspaces"),
    path("workspaces/new/", workspaces.create, name="new_workspace"),
    path("workspaces/new/address/", workspaces.check_slug, name="check_slug"),
    path("workspaces/<slug:slug>/setting-up/", workspaces.setting_up, name="setting_up"),
    path("workspaces/<slug:slug>/progress/", workspaces.progress, name="setting_up_progress"),
    path("workspaces/<slug:slug>/retry/", workspaces.retry, name="retry_workspace"),
    path("workspaces/<slug:slug>/enter/", workspaces.enter, name="enter_workspace"),
    path(
        "workspaces/invitations/<uuid:invitation_id>/accept/",
        invitations.accept_waiting,
        name="accept_waiting_invitation",
    ),
    path("invitations/<str:token>/", invitations.show, name="invitation"),
    path("invitations/<str:token>/accept/", invitations.accept, name="accept_invitation"),
]
