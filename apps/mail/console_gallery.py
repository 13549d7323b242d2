"""The console's gallery: every mail in every language, light and dark, and as text."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages as notes
from django.contrib.admin import AdminSite
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from apps.audit.services import entries as audit
from apps.core.errors import DomainError
from apps.mail.catalogue import CATEGORIES, LANGUAGES, MAILS, Mail
from apps.mail.models import Message
from apps.mail.services import previews
from apps.tenants.console import acting_operator
from apps.tenants.requests import by

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "sandbox allow-popups"
)
SWITCHES = {
    "language": list(LANGUAGES.items()),
    "mode": [("light", "Light"), ("dark", "Dark")],
    "shape": [("desktop", "Desktop"), ("phone", "Phone"), ("text", "Text")],
}


class Choice(forms.Form):
    """What of a mail is shown; what is left out or unknown is the first."""

    language = forms.ChoiceField(choices=SWITCHES["language"])
    mode = forms.ChoiceField(choices=SWITCHES["mode"])
    shape = forms.ChoiceField(choices=SWITCHES["shape"])
    message = forms.UUIDField(required=False)

    def chosen(self) -> dict[str, Any]:
        self.is_valid()
        firsts = {"language": "en", "mode": "light", "shape": "desktop", "message": None}
        return {name: self.cleaned_data.get(name) or first for name, first in firsts.items()}


def urls(site: AdminSite) -> list[URLPattern]:
    def guarded(view: Any) -> Any:
        return site.admin_view(view)

    return [
        path("gallery/", guarded(require_safe(index)), name="mail_gallery"),
        path("gallery/<str:slug>/", guarded(require_safe(show)), name="mail_preview"),
        path(
            "gallery/<str:slug>/html/",
            guarded(require_safe(xframe_options_sameorigin(html))),
            name="mail_preview_html",
        ),
        path("gallery/<str:slug>/send/", guarded(require_POST(send)), name="mail_preview_send"),
    ]


def index(request: HttpRequest) -> HttpResponse:
    """By category, with what is wrong with each."""
    groups = [
        (category, [(m, previews.problems(m)) for m in MAILS.values() if m.category == category])
        for category in CATEGORIES.values()
    ]
    return _page(request, "operator/mail_gallery.html", "Mail gallery", groups=groups)


def show(request: HttpRequest, slug: str) -> HttpResponse:
    mail, chosen = _find(slug), Choice(request.GET).chosen()
    message = _message(mail, chosen["message"])
    text = subject = problem = ""
    try:
        rendered = previews.preview(
            mail=mail, language=chosen["language"], values=message.values if message else None
        )
        subject = rendered.subject
        text = f"Subject: {subject}\n\n{rendered.text}"
    except DomainError as error:
        problem = error.detail
    if message is not None and chosen["shape"] == "text":
        _note_look(request, message)
    return _page(
        request, "operator/mail_preview.html", mail.title, mail=mail, chosen=chosen, text=text,
        subject=subject, problem=problem, recent=previews.recent(mail),
        query=request.GET.urlencode(), switches=list(SWITCHES.items()),
    )  # fmt: skip


def html(request: HttpRequest, slug: str) -> HttpResponse:
    """The mail itself, for a frame that runs nothing and loads nothing."""
    mail, chosen = _find(slug), Choice(request.GET).chosen()
    message = _message(mail, chosen["message"])
    rendered = previews.preview(
        mail=mail, language=chosen["language"], values=message.values if message else None
    )
    if message is not None:
        _note_look(request, message)
    answer = HttpResponse(previews.in_mode(rendered.html, chosen["mode"]))
    answer["Content-Security-Policy"] = POLICY
    return answer


def send(request: HttpRequest, slug: str) -> HttpResponse:
    mail, chosen = _find(slug), Choice(request.POST).chosen()
    person = by(request)
    previews.send_test(
        mail=mail, language=chosen["language"], by=acting_operator(request), to=person
    )
    notes.success(request, f"It is on its way to {person.email}.")
    return redirect(f"{reverse('admin:mail_preview', args=[slug])}?language={chosen['language']}")


def _find(slug: str) -> Mail:
    for mail in MAILS.values():
        if mail.slug == slug:
            return mail
    raise Http404("There is no such mail.")


def _message(mail: Mail, pk: UUID | None) -> Message | None:
    return Message.objects.filter(pk=pk, template=mail.name).first() if pk else None


def _note_look(request: HttpRequest, message: Message) -> None:
    """What a real mail said is about a person, so looking at it stands in the audit."""
    with transaction.atomic():
        audit.record(
            action="mail.context_seen", by=acting_operator(request), schema_name="public",
            target=message, label=f"{message.template} to {message.to}",
        )  # fmt: skip


def _page(request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
    from django.contrib import admin

    around = {**admin.site.each_context(request), "title": title, "opts": Message._meta}
    return TemplateResponse(request, template, {**around, **context})
