from __future__ import annotations

from django.urls import path

from apps.impersonation import views

urlpatterns = [
    path("impersonation/enter/", views.enter, name="impersonation_enter"),
    path("audit/operators/", views.operators, name="audit_operators"),
    path("impersonation/end/", views.end, name="impersonation_end"),
]
