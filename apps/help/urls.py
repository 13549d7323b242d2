from __future__ import annotations

from django.urls import path

from apps.help import views

urlpatterns = [
    path("help/", views.index, name="help"),
    path("help/<slug:slug>/", views.article, name="help_article"),
]
