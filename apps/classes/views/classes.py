"""The workspace's host: classes and who teaches them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.classes import rosters
from apps.classes.forms import ClassForm, NamesForm, PersonForm, ServiceForm
from apps.classes.models import SchoolClass
from apps.classes.services import classes, pupils
from apps.core.errors import DomainError
from apps.tenants.models import Membership
from apps.tenants.pages import workspace_page
from apps.tenants.permissions import Role
from apps.tenants.requests import WorkspaceRequest
from apps.usage.services import limits


@require_safe
@workspace_page("classes.view")
def index(request: WorkspaceRequest) -> HttpResponse:
    return _index(request, ClassForm())


@require_POST
@workspace_page("classes.create")
def new(request: WorkspaceRequest) -> HttpResponse:
    form = ClassForm(request.POST)
    if form.is_valid():
        try:
            made = classes.create(by=request.user, **form.cleaned_data)
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, f"{made} is there. Now add its pupils.")
            return redirect(made)
    return _index(request, form)


@require_safe
@workspace_page("classes.view")
def detail(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    return page(request, classes.find(class_id=pk, by=request.user), NamesForm())


@require_POST
@workspace_page("classes.update")
def rename(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    school_class = classes.find(class_id=pk, by=request.user)
    form = ClassForm(request.POST)
    if form.is_valid():
        try:
            school_class = classes.rename(
                school_class=school_class, by=request.user, **form.cleaned_data
            )
        except DomainError as error:
            form.refuse(error)
        else:
            return redirect(school_class)
    return page(request, school_class, NamesForm(), class_form=form)


@require_POST
@workspace_page("classes.update")
def renew_code(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    school_class = classes.find(class_id=pk, by=request.user)
    renewed = classes.renew_code(school_class=school_class, by=request.user)
    messages.success(request, f"The new code is {renewed.shown_code}. The old one is void.")
    return redirect(renewed)


@require_POST
@workspace_page("classes.update")
def pause(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    """`paused=1` closes sign-in, anything else opens it."""
    school_class = classes.find(class_id=pk, by=request.user)
    paused = request.POST.get("paused") == "1"
    classes.set_paused(school_class=school_class, paused=paused, by=request.user)
    text = "Nobody can sign in through it until you open it." if paused else "Pupils can sign in."
    messages.success(request, text)
    return redirect(school_class)


@require_POST
@workspace_page("classes.archive")
def archive(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    """`archived=1` puts it away, anything else takes it out again."""
    school_class = classes.find(class_id=pk, by=request.user)
    archived = request.POST.get("archived") == "1"
    classes.set_archived(school_class=school_class, archived=archived, by=request.user)
    messages.success(request, f"{school_class} is {'archived' if archived else 'back'}.")
    return redirect("classes" if archived else school_class.get_absolute_url())


@require_POST
@workspace_page("classes.update")
def add_teacher(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    school_class = classes.find(class_id=pk, by=request.user)
    form = _teacher_form(school_class, request.POST)
    if form.is_valid():
        user_id = form.cleaned_data["person"]
        added = classes.add_teacher(school_class=school_class, user_id=user_id, by=request.user)
        messages.success(request, f"{added.user} teaches {school_class} now.")
    else:
        messages.error(request, "Choose a teacher from the list.")
    return redirect(school_class)


@require_POST
@workspace_page("classes.update")
def remove_teacher(request: WorkspaceRequest, pk: UUID, user_id: UUID) -> HttpResponse:
    school_class = classes.find(class_id=pk, by=request.user)
    classes.remove_teacher(school_class=school_class, user_id=user_id, by=request.user)
    mine = classes.visible(by=request.user).filter(pk=school_class.pk).exists()
    return redirect(school_class if mine else "classes")


def page(
    request: WorkspaceRequest,
    school_class: SchoolClass,
    form: ServiceForm,
    class_form: ServiceForm | None = None,
) -> HttpResponse:
    """One class, with the form its last POST left behind."""
    rows = rosters.of(school_class)
    context = {
        "nav_active": "classes",
        "school_class": school_class,
        "rows": rows,
        "teachers": rosters.teachers_of(school_class),
        "form": form,
        "class_form": class_form or ClassForm(initial={"name": school_class.name}),
        "teacher_form": _teacher_form(school_class),
        "student_form": _student_form(request, [row.user.pk for row in rows]),
        "join_url": request.build_absolute_uri("/join/"),
        "has_badges": any(row.pupil for row in rows),
    }
    wrong = form.errors or (class_form and class_form.errors)
    return render(request, "workspace/class_detail.html", context, status=422 if wrong else 200)


@require_POST
@workspace_page("pupils.create")
def enrol(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    school_class = classes.find(class_id=pk, by=request.user)
    place = pupils.enrol(
        school_class=school_class, user_id=request.POST.get("person", ""), by=request.user
    )
    messages.success(request, f"{place.user} is in {school_class}.")
    return redirect(school_class)


def _index(request: WorkspaceRequest, form: ServiceForm) -> HttpResponse:
    archived = request.GET.get("archived") == "1"
    rows = classes.visible(by=request.user).filter(archived_at__isnull=not archived)
    context: dict[str, Any] = {
        "nav_active": "classes",
        "classes": rosters.with_counts(rows).order_by("name", "pk"),
        "archived": archived,
        "form": form,
        "state": limits.state("classes", tenant=request.tenant),
    }
    status = 422 if form.errors else 200
    return render(request, "workspace/class_list.html", context, status=status)


def _teacher_form(school_class: SchoolClass, data: Any = None) -> PersonForm:
    present = school_class.teachers.values("user_id")
    members = classes.teaching_members().exclude(user_id__in=present)
    people = [(str(member.user_id), str(member.user)) for member in members]
    return PersonForm(data, people=people, label="Teacher")


def _student_form(request: WorkspaceRequest, present: list[UUID]) -> PersonForm:
    students = Membership.objects.in_force().filter(tenant=request.tenant, role=Role.STUDENT)
    members = students.exclude(user_id__in=present).select_related("user").order_by("user__name")
    people = [(str(member.user_id), str(member.user)) for member in members]
    return PersonForm(people=people, label="Student")
