"""Where the exports are seen, and taken, that jobs make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.urls import reverse

from apps.jobs.models import JobRun
from apps.tenants import job_subjects
from apps.tenants.job_subjects import Subject


def register() -> None:
    job_subjects.register(find_exports, "transfers.export")


def find_exports(runs: Sequence[JobRun]) -> Mapping[UUID, Subject]:
    """All stand on one page."""
    subject = Subject("Exports", reverse("settings_exports"), "exports.create")
    return dict.fromkeys((run.pk for run in runs), subject)
