from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from apps.answers.models import CachedAnswer
from apps.core.operator_admin import ReadOnlyModelAdmin
from apps.semantic_cache import embeddings
from apps.semantic_cache.models import CacheDay
from apps.semantic_cache.services import answers, statistics
from apps.tenants.console import WorkspaceModelAdmin


@admin.register(CacheDay)
class CacheDayAdmin(ReadOnlyModelAdmin):
    """How much of what is asked was asked before, by day, workspace and scope."""

    list_display = ("day", "schema_name", "scope", "hits", "misses", "bypassed", "rate", "seconds")
    list_filter = ("scope", "day")
    search_fields = ("schema_name",)
    list_per_page = 50
    show_full_result_count = False
    list_before_template = "operator/_semantic_cache.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            "totals": statistics.totals(),
            "kept_in": "LangCache" if answers.is_remote() else "the workspaces' own schemas",
            "model": "LangCache's own" if answers.is_remote() else embeddings.model(),
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})  # type: ignore[no-any-return]

    @admin.display(description="Answered from earlier answers")
    def rate(self, row: CacheDay) -> str:
        return "none asked" if row.share is None else f"{row.share} %"

    @admin.display(description="Saved time", ordering="saved")
    def seconds(self, row: CacheDay) -> str:
        return f"{row.saved / 1000:,.1f} s"


@admin.register(CachedAnswer)
class CachedAnswerAdmin(WorkspaceModelAdmin):
    """What the chosen workspace would be answered again."""

    list_display = ("question", "scope", "hits", "cost", "model", "used_at", "expires_at")
    list_filter = ("scope", "model")
    search_fields = ("question",)
    fields = (
        "question", "scope", "corpus", "model", "answer", "cost", "hits", "created_at", "used_at",
        "expires_at",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("embedding")
