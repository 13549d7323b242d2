"""What operators do to rows of the console, each after a page that asks for the details."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.core.errors import DomainError
from apps.core.operator_admin import FROM_ROW
from apps.tenants.access import Operator
from apps.tenants.console import acting_operator

KEYS = "keys"
MOST_NAMED = 20
MOST_SAID = 5


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Why?",
        max_length=300,
        help_text="Such as the number of the ticket. The workspace's people read it.",
        widget=UnfoldAdminTextInputWidget,
    )


@dataclass(frozen=True)
class Deed:
    """`carry_out` is called with the row as the argument `subject`, with `by` and the form's
    values, for each chosen row; `done` says so afterwards, with the row's name in it. `describe`
    names a row on the page that asks.
    """

    name: str
    title: str
    text: str
    done: str
    carry_out: Callable[..., Any]
    form: type[forms.Form] = forms.Form
    one_at_a_time: bool = False
    subject: str = "tenant"
    describe: Callable[[Any], str] = str

    def as_action(self) -> Callable[..., HttpResponse | None]:
        """An action of the admin's list."""

        def act(page: ModelAdmin[Any], request: HttpRequest, chosen: Any) -> HttpResponse | None:
            return _ask_or_do(self, page, request, chosen)

        act.__name__ = self.name
        act.short_description = f"{self.title}…"  # type: ignore[attr-defined]
        return act


def _ask_or_do(
    deed: Deed, page: ModelAdmin[Any], request: HttpRequest, chosen: QuerySet[Any]
) -> HttpResponse | None:
    rows = list(chosen)
    if deed.one_at_a_time and len(rows) != 1:
        kind = page.model._meta.verbose_name
        messages.error(request, f"{deed.title}: choose one {kind} at a time.")
        return None
    if asked := request.POST.get(KEYS):
        # What was shown, of all that match: meanwhile others may match as well.
        rows = list(chosen.filter(pk__in=asked.split(",")))
    form = deed.form(request.POST if "confirmed" in request.POST else None)
    if form.is_valid():
        _do(deed, request, rows, form.cleaned_data)
        return None
    opts = page.model._meta
    context = {
        **page.admin_site.each_context(request),
        "title": deed.title,
        "opts": opts,
        "deed": deed,
        "form": form,
        "rows": [deed.describe(row) for row in rows[:MOST_NAMED]],
        "more": len(rows) - MOST_NAMED,
        # In one field: a form with thousands of them is refused.
        "keys": ",".join(str(row.pk) for row in rows),
        "first": str(rows[0].pk) if rows else "",
        "checkbox": ACTION_CHECKBOX_NAME,
        "from_row": request.POST.get(FROM_ROW, ""),
        "back": reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist"),
    }
    return TemplateResponse(request, "operator/deed.html", context)


def _do(deed: Deed, request: HttpRequest, rows: list[Any], values: dict[str, Any]) -> None:
    by: Operator = acting_operator(request)
    done, refused = [], []
    for row in rows:
        try:
            deed.carry_out(**{deed.subject: row}, by=by, **values)
        except DomainError as error:
            details = getattr(error, "errors", {})
            said = " ".join(text for texts in details.values() for text in texts) or error.detail
            refused.append(f"{row}: {said}")
        else:
            done.append(deed.done.format(row))
    say(request, messages.SUCCESS, done)
    say(request, messages.ERROR, refused)


def say(request: HttpRequest, level: int, texts: Sequence[str]) -> None:
    """Each to the operator, but of many only the first and how many more."""
    for text in texts[:MOST_SAID]:
        messages.add_message(request, level, text)
    if len(texts) > MOST_SAID:
        messages.add_message(request, level, f"The same of {len(texts) - MOST_SAID:,} more.")
