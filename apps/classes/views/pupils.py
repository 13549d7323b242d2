"""The workspace's host: the pupils of a class, their badges and their guardians."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.classes import badges, rosters
from apps.classes.forms import GuardianForm, NameForm, NamesForm, PersonForm, ServiceForm
from apps.classes.models import ClassPupil, Pupil
from apps.classes.services import classes, guardians, pupils
from apps.classes.views.classes import page as class_page
from apps.core.errors import DomainError
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest


@require_POST
@workspace_page("pupils.create")
def add(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    school_class = classes.find(class_id=pk, by=request.user)
    form = NamesForm(request.POST)
    if form.is_valid():
        names = pupils.parse_names(form.cleaned_data["names"])
        try:
            made = pupils.add(school_class=school_class, names=names, by=request.user)
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, f"{len(made)} added. They choose pictures on first sign-in.")
            if shared := rosters.shared_names(school_class):
                messages.warning(request, _alike(shared))
            return redirect(school_class)
    return class_page(request, school_class, form)


@require_safe
@workspace_page("pupils.view")
def detail(request: WorkspaceRequest, pk: UUID, user_id: UUID) -> HttpResponse:
    return _page(request, _place(request, pk, user_id))


@require_POST
@workspace_page("pupils.update")
def rename(request: WorkspaceRequest, pk: UUID, user_id: UUID) -> HttpResponse:
    place = _place(request, pk, user_id)
    form = NameForm(request.POST)
    if form.is_valid():
        try:
            pupils.rename(pupil=_pupil(request, user_id), by=request.user, **form.cleaned_data)
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, "Renamed.")
            return _back(place)
    return _page(request, place, name_form=form)


@require_POST
@workspace_page("pupils.update")
def move(request: WorkspaceRequest, pk: UUID, user_id: UUID) -> HttpResponse:
    place = _place(request, pk, user_id)
    form = _move_form(request, place, request.POST)
    if not form.is_valid():
        messages.error(request, "Choose a class from the list.")
        return _back(place)
    to = classes.find(class_id=form.cleaned_data["person"], by=request.user)
    moved = pupils.move(place=place, to=to, by=request.user)
    messages.success(request, f"{moved.user} is in {to} now.")
    return redirect(to)


@require_POST
@workspace_page("pupils.remove")
def remove(request: WorkspaceRequest, pk: UUID, user_id: UUID) -> HttpResponse:
    place = _place(request, pk, user_id)
    pupils.remove(place=place, by=request.user)
    messages.success(request, f"{place.user} is no longer in {place.school_class}.")
    return redirect(place.school_class)


@require_POST
@workspace_page("pupils.update")
def reset_pictures(request: WorkspaceRequest, pk: UUID, user_id: UUID) -> HttpResponse:
    place = _place(request, pk, user_id)
    pupils.reset_pictures(pupil=_pupil(request, user_id), by=request.user)
    messages.success(request, f"{place.user} chooses new pictures on the next sign-in.")
    return _back(place)


@require_POST
@workspace_page("pupils.update")
def unlock(request: WorkspaceRequest, pk: UUID, user_id: UUID) -> HttpResponse:
    place = _place(request, pk, user_id)
    pupils.unlock(pupil=_pupil(request, user_id), by=request.user)
    messages.success(request, f"{place.user} can try again.")
    return redirect(place.school_class)


@require_POST
@workspace_page("pupils.badges")
def renew_badge(request: WorkspaceRequest, pk: UUID, user_id: UUID) -> HttpResponse:
    place = _place(request, pk, user_id)
    pupils.renew_badge(pupil=_pupil(request, user_id), by=request.user)
    messages.success(request, "The old badge opens nothing any more. Print the new one.")
    return _back(place)


@require_safe
@workspace_page("pupils.badges")
def sheet(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    """A card for each pupil, or for the one of `?pupil=`, to print and cut out."""
    school_class = classes.find(class_id=pk, by=request.user)
    found = rosters.pupils_of(school_class)
    if one := request.GET.get("pupil", ""):
        found = found.filter(pk=_pupil_named(request, one).pk)
    cards = [(pupil, badges.drawing(_address(request, pupil))) for pupil in found]
    context = {
        "nav_active": "classes",
        "school_class": school_class,
        "cards": cards,
        "host": request.get_host(),
    }
    return render(request, "workspace/class_badges.html", context)


@require_POST
@workspace_page("guardians.invite")
def invite_guardian(request: WorkspaceRequest, pk: UUID, user_id: UUID) -> HttpResponse:
    place = _place(request, pk, user_id)
    form = GuardianForm(request.POST)
    if form.is_valid():
        try:
            guardians.invite(child=place.user, by=request.user, **form.cleaned_data)
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, f"{form.cleaned_data['email']} is invited.")
            return _back(place)
    return _page(request, place, guardian_form=form)


@require_POST
@workspace_page("guardians.invite")
def resend_guardian(
    request: WorkspaceRequest, pk: UUID, user_id: UUID, awaited_id: UUID
) -> HttpResponse:
    place = _place(request, pk, user_id)
    awaited = guardians.find_awaited(child=place.user, awaited_id=awaited_id)
    guardians.resend(awaited=awaited, by=request.user)
    messages.success(request, f"A fresh link is on its way to {awaited.email}.")
    return _back(place)


@require_POST
@workspace_page("guardians.invite")
def withdraw_guardian(
    request: WorkspaceRequest, pk: UUID, user_id: UUID, awaited_id: UUID
) -> HttpResponse:
    place = _place(request, pk, user_id)
    awaited = guardians.find_awaited(child=place.user, awaited_id=awaited_id)
    guardians.withdraw(awaited=awaited, by=request.user)
    messages.success(request, f"{awaited.email} will not become a guardian of {place.user}.")
    return _back(place)


@require_POST
@workspace_page("guardians.remove")
def unlink_guardian(
    request: WorkspaceRequest, pk: UUID, user_id: UUID, guardianship_id: UUID
) -> HttpResponse:
    place = _place(request, pk, user_id)
    found = guardians.find(child=place.user, guardianship_id=guardianship_id)
    guardians.unlink(guardianship=found, by=request.user)
    messages.success(request, f"{found.guardian} does not see {place.user} any more.")
    return _back(place)


def _place(request: WorkspaceRequest, class_id: UUID, user_id: UUID) -> ClassPupil:
    school_class = classes.find(class_id=class_id, by=request.user)
    return pupils.find_place(school_class=school_class, user_id=user_id)


def _pupil(request: WorkspaceRequest, user_id: UUID) -> Pupil:
    return pupils.find(user_id=user_id, by=request.user)


def _pupil_named(request: WorkspaceRequest, text: str) -> Pupil:
    try:
        user_id = UUID(text)
    except ValueError:
        user_id = UUID(int=0)
    return _pupil(request, user_id)


def _address(request: WorkspaceRequest, pupil: Pupil) -> str:
    return request.build_absolute_uri(badges.path_of(pupil))


def _back(place: ClassPupil) -> HttpResponse:
    return redirect("class_pupil", pk=place.school_class_id, user_id=place.user_id)


def _page(
    request: WorkspaceRequest,
    place: ClassPupil,
    name_form: ServiceForm | None = None,
    guardian_form: ServiceForm | None = None,
) -> HttpResponse:
    linked, awaited = (
        guardians.of(child=place.user) if "guardians.view" in request.can else ([], [])
    )
    context: dict[str, Any] = {
        "nav_active": "classes",
        "place": place,
        "school_class": place.school_class,
        "pupil": rosters.described([place])[0].pupil,
        "name_form": name_form or NameForm(initial={"name": place.user.name}),
        "move_form": _move_form(request, place),
        "guardian_form": guardian_form or GuardianForm(),
        "guardians": linked,
        "awaited": awaited,
    }
    wrong = any(form and form.errors for form in (name_form, guardian_form))
    return render(request, "workspace/class_pupil.html", context, status=422 if wrong else 200)


def _move_form(request: WorkspaceRequest, place: ClassPupil, data: Any = None) -> PersonForm:
    others = classes.visible(by=request.user).open().exclude(pk=place.school_class_id)  # type: ignore[attr-defined]
    choices = [(str(other.pk), other.name) for other in others.order_by("name")]
    return PersonForm(data, people=choices, label="Class")


def _alike(shared: list[str]) -> str:
    first = shared[0].partition(" ")[0]
    return (
        f"More than one in this class is shown as {', '.join(shared)}. Rename one, as {first}-Ann "
        "for example, so that each finds their own name."
    )
