"""The workspace's host, for those who are not signed in yet: class code, name, pictures; or a
badge. No page needs a script.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from apps.classes import pictures, rosters
from apps.classes.errors import CodeUnknown, PicturesWrong
from apps.classes.forms import CodeForm
from apps.classes.models import Pupil, SchoolClass
from apps.classes.services import sign_in
from apps.core.errors import DomainError

BACKEND = "django.contrib.auth.backends.ModelBackend"
SESSION_JOIN = "join"  # the class and the code somebody came with


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            found = sign_in.find_class(code=form.cleaned_data["code"], address=_address(request))
        except DomainError as error:
            form.add_error("code", error.detail)
            return render(request, "join/code.html", {"form": form}, status=error.status)
        request.session[SESSION_JOIN] = {"class": str(found.pk), "code": found.code}
        return redirect("join_class")
    status = 422 if form.errors else 200
    return render(request, "join/code.html", {"form": form}, status=status)


@never_cache
@require_safe
def roster(request: HttpRequest) -> HttpResponse:
    """Who is in the class: first names and initials."""
    try:
        school_class = _class(request)
    except CodeUnknown:
        return redirect("join")
    context = {"school_class": school_class, "pupils": rosters.pupils_of(school_class)}
    return render(request, "join/class.html", context)


@never_cache
@sensitive_post_parameters("picture", "chosen")
@require_http_methods(["GET", "HEAD", "POST"])
def pupil(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """One picture after the other; each POST carries those before it. The last one signs in, or
    shows what was chosen and asks whether to keep it.
    """
    try:
        school_class = _class(request)
    except CodeUnknown:
        return redirect("join")
    found = sign_in.find_pupil(school_class=school_class, user_id=user_id)
    chosen = _chosen(request)
    if len(chosen) < pictures.LENGTH:
        return _step(request, school_class, found, chosen)
    try:
        if found.may_choose:
            return _choose(request, school_class, found, chosen)
        let_in = sign_in.try_pictures(
            pupil=found, school_class=school_class, chosen=chosen, address=_address(request)
        )
    except PicturesWrong as error:
        return _step(request, school_class, found, [], problem=error)
    except DomainError as error:
        return _refused(request, error)
    return _enter(request, let_in)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def badge(request: HttpRequest, token: str) -> HttpResponse:
    """What a tablet's camera opens. Looking does nothing; the button signs in."""
    try:
        if request.method == "POST":
            return _enter(request, sign_in.enter_by_badge(token=token, address=_address(request)))
        found = sign_in.find_by_badge(token=token, address=_address(request))
    except DomainError as error:
        return _refused(request, error)
    return _secret(render(request, "join/badge.html", {"pupil": found}))


def _choose(
    request: HttpRequest, school_class: SchoolClass, found: Pupil, chosen: list[str]
) -> HttpResponse:
    if request.POST.get("keep") != "1":
        context = {"school_class": school_class, "pupil": found, "chosen": chosen}
        return render(request, "join/keep.html", context)
    return _enter(request, sign_in.choose_pictures(pupil=found, chosen=chosen))


def _step(
    request: HttpRequest,
    school_class: SchoolClass,
    found: Pupil,
    chosen: list[str],
    problem: DomainError | None = None,
) -> HttpResponse:
    context: dict[str, Any] = {
        "school_class": school_class,
        "pupil": found,
        "chosen": chosen,
        "number": len(chosen) + 1,
        "numbers": range(1, pictures.LENGTH + 1),
        "pictures": pictures.PICTURES,
        "problem": problem,
    }
    return render(request, "join/pictures.html", context, status=problem.status if problem else 200)


def _enter(request: HttpRequest, let_in: Pupil) -> HttpResponse:
    """A session of few rights that ends with the school day, on tablets that many share."""
    request.session.flush()
    login(request, let_in.user, backend=BACKEND)
    request.session.set_expiry(settings.PUPIL_SESSION_SECONDS)
    return redirect("home")


def _refused(request: HttpRequest, error: DomainError) -> HttpResponse:
    return _secret(render(request, "join/refused.html", {"error": error}, status=error.status))


def _class(request: HttpRequest) -> SchoolClass:
    came_with = request.session.get(SESSION_JOIN)
    if not came_with:
        raise CodeUnknown
    return sign_in.still_open(class_id=came_with["class"], code=came_with["code"])


def _chosen(request: HttpRequest) -> list[str]:
    if request.method != "POST":
        return []
    wanted = [*request.POST.getlist("chosen"), *request.POST.getlist("picture")]
    known = [name for name in wanted if name in pictures.PICTURES]
    return known[: pictures.LENGTH]


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _secret(response: HttpResponse) -> HttpResponse:
    """The address of the page is the badge: it is told to nobody."""
    response["Referrer-Policy"] = "same-origin"
    return response
