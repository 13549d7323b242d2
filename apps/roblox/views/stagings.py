from __future__ import annotations

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from apps.core.errors import Conflict, DomainError, Invalid
from apps.core.outgoing import breaker_state
from apps.roblox.services import stagings
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest


@require_http_methods(["GET", "POST"])
@workspace_page("deployments.stage")
def new(request: WorkspaceRequest) -> HttpResponse:
    """Choose experiences and their versions, then deploy all of them to staging."""
    problem: DomainError | None = None
    choices = _choices(request.POST)
    if request.method == "POST":
        try:
            parent = stagings.begin(choices=choices, by=request.user)
        except (Conflict, Invalid) as error:
            problem = error
        else:
            return redirect("job", pk=parent.pk)
    refused = problem.extra.get("refused", {}) if problem else {}
    rows = [
        {
            "candidate": one,
            "ticked": (one.experience.slug in choices) if problem else one.is_newer,
            "version": choices.get(one.experience.slug, ""),
            "refused": refused.get(one.experience.slug, ""),
        }
        for one in stagings.candidates()
    ]
    context = {
        "rows": rows,
        "offered": any(row["candidate"].is_offered for row in rows),
        "problem": problem,
        "breaker": breaker_state("roblox"),
        "nav_active": "deployments",
    }
    status = problem.status if problem else 200
    return render(request, "workspace/staging_new.html", context, status=status)


def _choices(sent: QueryDict) -> dict[str, str]:
    """Ticked experiences by their slug, with the version that was chosen for each."""
    return {slug: sent.get(f"version-{slug}", "") for slug in sent.getlist("experience")}
