"""Help on both hosts: the public site's for everybody, a workspace's for its members."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.gateway.errors import RateLimited
from apps.help import articles, throttling
from apps.help.services import search
from apps.tenants.pages import workspace_page

LAYOUTS = {True: "layouts/workspace.html", False: "layouts/public.html"}


@require_safe
def public_index(request: Any) -> HttpResponse:
    return _index(request)


@require_safe
def public_article(request: Any, slug: str) -> HttpResponse:
    return _article(request, slug)


@require_safe
@workspace_page("workspace.view")
def index(request: Any) -> HttpResponse:
    """`?q=` searches; asked by htmx, it answers with the results alone."""
    return _index(request)


@require_safe
@workspace_page("workspace.view")
def article(request: Any, slug: str) -> HttpResponse:
    return _article(request, slug)


def _index(request: Any) -> HttpResponse:
    asked = request.GET.get("q", "").replace("\x00", "").strip()[: search.LONGEST]
    live = bool(request.htmx)
    context: dict[str, Any] = {"q": asked, "groups": articles.groups(), **_about(request)}
    status = 200
    if asked:
        try:
            throttling.count_question(request)
            hits = search.search(question=asked, can=request.can, live=live)
            context |= {"found": search.by_source(hits), "count": len(hits)}
        except RateLimited as refusal:
            # htmx shows no answer that is an error.
            context["refusal"], status = refusal.detail, 200 if live else refusal.status
    return render(
        request, "help/_results.html" if live else "help/index.html", context, status=status
    )


def _article(request: Any, slug: str) -> HttpResponse:
    found = articles.find(slug=slug)
    nearby = [group for group in articles.groups() if group.name == found.group]
    context = {"article": found, "nearby": nearby, **_about(request)}
    return render(request, "help/article.html", context)


def _about(request: Any) -> dict[str, Any]:
    return {"nav_active": "help", "layout": LAYOUTS[request.tenant is not None]}
