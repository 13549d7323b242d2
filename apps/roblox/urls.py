from __future__ import annotations

from django.urls import path

from apps.roblox.views import deployments, experiences, home, releases, stagings

RELEASE = "experiences/<slug:slug>/releases/<str:version>/"

urlpatterns = [
    path("", home.home, name="home"),
    path("guide/", home.tour, name="guide"),
    path("experiences/", experiences.index, name="experiences"),
    path("experiences/new/", experiences.new, name="experience_new"),
    path("experiences/<slug:slug>/", experiences.detail, name="experience"),
    path("experiences/<slug:slug>/rename/", experiences.rename, name="experience_rename"),
    path(
        "experiences/<slug:slug>/environments/<slug:kind>/",
        experiences.environment,
        name="environment",
    ),
    path(
        "experiences/<slug:slug>/environments/<slug:kind>/deploy/",
        deployments.new,
        name="deployment_new",
    ),
    path(
        "experiences/<slug:slug>/environments/<slug:kind>/rollback/",
        deployments.roll_back,
        name="rollback",
    ),
    path("experiences/<slug:slug>/releases/new/", releases.new, name="release_new"),
    path(RELEASE, releases.detail, name="release"),
    path(RELEASE + "state/", releases.state, name="release_state"),
    path(RELEASE + "artifact/", releases.artifact, name="release_artifact"),
    path(RELEASE + "withdraw/", releases.withdraw, name="release_withdraw"),
    path("releases/", releases.index, name="releases"),
    path("deployments/", deployments.index, name="deployments"),
    path("deployments/staging/", stagings.new, name="staging_new"),
    path("deployments/<uuid:deployment_id>/", deployments.detail, name="deployment"),
    path(
        "deployments/<uuid:deployment_id>/progress/",
        deployments.progress,
        name="deployment_progress",
    ),
]
