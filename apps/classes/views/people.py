"""The workspace's host, for pupils and guardians: my pictures, my children."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from apps.classes import pictures
from apps.classes.models import Pupil
from apps.classes.services import guardians, sign_in
from apps.core.errors import NotFound
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest


@require_safe
@workspace_page("children.view")
def children(request: WorkspaceRequest) -> HttpResponse:
    found = guardians.children_of(guardian=request.user)
    context = {"nav_active": "children", "children": found}
    return render(request, "workspace/children.html", context)


@sensitive_post_parameters("picture", "chosen")
@require_http_methods(["GET", "HEAD", "POST"])
@workspace_page("workspace.view")
def my_pictures(request: WorkspaceRequest) -> HttpResponse:
    """A signed-in pupil chooses other pictures, step by step as on first sign-in."""
    pupil = Pupil.objects.filter(user=request.user).select_related("user").first()
    if pupil is None:
        raise NotFound("You sign in with your e-mail, not with pictures.")
    given = [*request.POST.getlist("chosen"), *request.POST.getlist("picture")]
    chosen = [name for name in given if name in pictures.PICTURES][: pictures.LENGTH]
    context = {
        "pupil": pupil, "chosen": chosen, "number": len(chosen) + 1, "changing": True,
        "numbers": range(1, pictures.LENGTH + 1), "pictures": pictures.PICTURES,
    }  # fmt: skip
    if len(chosen) < pictures.LENGTH:
        return render(request, "join/pictures.html", context)
    if request.POST.get("keep") != "1":
        return render(request, "join/keep.html", context)
    sign_in.choose_pictures(pupil=pupil, chosen=chosen, signed_in=True)
    messages.success(request, "Your new pictures are set.")
    return redirect("home")
