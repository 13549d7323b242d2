"""A person's devices, on every host: where they are signed in, and signing out there."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.models import UserSession
from apps.accounts.services import sessions
from apps.tenants.models import Tenant
from apps.tenants.pages import person_page
from apps.tenants.requests import PublicRequest


@require_safe
@person_page
def index(request: PublicRequest) -> HttpResponse:
    here = sessions.present(request)
    found = sorted(sessions.of(request.user), key=lambda session: session.pk != here)
    schemas = {session.schema_name for session in found}
    names = dict(Tenant.objects.filter(schema_name__in=schemas).values_list("schema_name", "name"))
    for session in found:
        session.place = names.get(session.schema_name, "Public site")  # type: ignore[attr-defined]
    return render(request, "account/sessions.html", {"sessions": found, "here": here})


@require_POST
@person_page
def end(request: PublicRequest, pk: UUID) -> HttpResponse:
    session = sessions.find(user=request.user, session_id=pk)
    sessions.end(sessions=[session], ending=UserSession.Ending.REVOKED, by=request.user)
    messages.success(request, f"{session} is signed out.")
    return redirect("account_sessions")


@require_POST
@person_page
def end_others(request: PublicRequest) -> HttpResponse:
    count = sessions.end_others(user=request.user, keep=sessions.present(request), by=request.user)
    messages.success(
        request, "You are signed out everywhere else." if count else "There was no other session."
    )
    return redirect("account_sessions")
