"""The gallery: every component of the pages in every state, to look at and to compare."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from django import forms
from django.contrib.staticfiles import finders
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone


class SampleForm(forms.Form):
    """One field of each kind the product's forms use."""

    name = forms.CharField(label="Workspace name", help_text="People see it on every page.")
    slug = forms.SlugField(label="Address", help_text="Lower-case letters, digits and hyphens.")
    environment = forms.ChoiceField(choices=[("staging", "Staging"), ("production", "Production")])
    notes = forms.CharField(widget=forms.Textarea, required=False)
    role = forms.ChoiceField(
        choices=[("teacher", "Teacher"), ("admin", "Admin")], widget=forms.RadioSelect
    )
    publish = forms.BooleanField(label="Restart running servers", required=False)
    file = forms.FileField(label="Place file", help_text="Up to 100 MB.")


def show(request: HttpRequest) -> HttpResponse:
    sample = {"name": "Lincoln Middle School", "slug": "lincoln", "role": "teacher"}
    return render(
        request,
        "operator/design.html",
        {
            "form": SampleForm(initial={**sample, "environment": "staging"}),
            "wrong_form": SampleForm({"slug": "Lincoln School"}, prefix="wrong"),
            "steps": _steps(),
            "page_of_many": Paginator(range(120), 25).page(2),
            "crumbs": [("Experiences", "#"), ("Volcano lab", "#")],
            "plot": _plot(),
            "moment": timezone.now() - timedelta(minutes=3),
            "icons": _icons(),
            "options": [("staging", "Staging"), ("production", "Production")],
            "marks": ["case", "letters", "cube", "tree", "layers", "shield", "code", "play"],
            "accents": ["#0a7d5a", "#ffd400", "#14181f"],
            "companies": [
                ["Ada Lovelace", "Ben Okri"],
                ["Ada Lovelace", "Ben Okri", "Chidi Anagonye", "Dora Maar", "Émilie du Châtelet"],
            ],
            "missing": {
                "hint": "Roles of your own: for this the plan has to be School or a larger one.",
                "plan": {"name": "School", "slug": "school"},
                "upgrade_url": "#",
            },
            "clash": [
                {"label": "Time zone", "theirs": "Europe/Paris", "yours": "Europe/Berlin"},
            ],
        },
    )


def _steps() -> list[dict[str, Any]]:
    start = timezone.now() - timedelta(seconds=40)
    done = {"started_at": start, "finished_at": start + timedelta(seconds=1.24)}
    return [
        {"title": "Check the key", "state": "succeeded", **done},
        {"title": "Upload the place", "state": "succeeded", "detail": "2.4 MB", **done},
        {"title": "Publish", "state": "running", "detail": "Waiting for Roblox"},
        {"title": "Restart servers", "state": "skipped"},
        {"title": "Verify", "state": "failed", "detail": "Roblox answered 409.", **done},
        {"title": "Record", "state": "pending"},
    ]


def _plot() -> dict[str, Any]:
    """What a plot is drawn from; see apps.core.plots."""
    heights = [20, 60, 0, 90, 140, 200, 180, 0, 40, 120]
    bars = [
        {"x": 10 * n + 1, "y": 200 - height, "height": height, "when": f"Day {n}", "value": height}
        for n, height in enumerate(heights)
    ]
    summary = "API calls by day: 850 in all; most on day 5, 200."
    return {"bars": bars, "width": 100, "line": 30, "top": "200", "first": "Day 0",
            "last": "Day 9", "summary": summary}  # fmt: skip


def _icons() -> list[str]:
    sprite = finders.find("icons.svg")
    return re.findall(r'<symbol id="([^"]+)"', Path(sprite).read_text()) if sprite else []
