"""What all pages of the operator console are built from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Choices, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from unfold.admin import ModelAdmin


@dataclass(frozen=True)
class Figure:
    """A number of the overview. that leads to a list; an alarming one stands out."""

    label: str
    value: int
    url: str
    alarming: bool = False


# Posted with an action by a row's page: the row's key.
FROM_ROW = "from_row"


def tones(by_state: Mapping[Choices, str]) -> dict[str, str]:
    """What unfold's `display(label=…)` colours by, which are the words on the page: given by
    state, so that other words change no colour.
    """
    return {str(state.label): tone for state, tone in by_state.items()}


def moment(at: datetime | None) -> str:
    """A computed moment as the console writes those of columns."""
    return date_format(localtime(at), "DATETIME_FORMAT") if at else "-"


class ReadOnlyModelAdmin(ModelAdmin):  # type: ignore[misc]
    """Rows to look at and to act on through actions, never to edit or delete by hand."""

    def figures(self) -> list[Figure]:
        """What the overview is to show of this page's rows; nothing unless a page says more."""
        return []

    def figure(self, label: str, value: int, query: str = "", *, alarm: bool = False) -> Figure:
        """A figure that leads to this page's list, narrowed by `query`; alarming when not 0."""
        opts = self.model._meta
        url = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
        return Figure(label, value, f"{url}?{query}" if query else url, alarm and value > 0)

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponseBase | None:
        """What was begun on a row's page leads back to it."""
        response: HttpResponseBase | None = super().response_action(request, queryset)
        row = request.POST.get(FROM_ROW)
        if row and isinstance(response, HttpResponseRedirect):
            opts = self.model._meta
            return redirect(f"admin:{opts.app_label}_{opts.model_name}_change", row)
        return response

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


class DetailedModelAdmin(ReadOnlyModelAdmin):
    """Rows whose pages show more than their fields, by a template of their own."""

    def details(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """The template's context for a row."""
        raise NotImplementedError

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row, context = self.get_object(request, object_id), dict(extra_context or {})
        if row is not None:
            context |= self.details(request, row)
        return super().change_view(request, object_id, form_url, context)  # type: ignore[no-any-return]
