"""Where the webhooks are seen that jobs send to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from apps.jobs.models import JobRun
from apps.tenants import job_subjects
from apps.tenants.job_subjects import Subject
from apps.webhooks.models import Endpoint


def register() -> None:
    job_subjects.register(find_endpoints, "webhooks.deliver", "webhooks.deliver_slowly")


def find_endpoints(runs: Sequence[JobRun]) -> Mapping[UUID, Subject]:
    asked = JobRun.objects.filter(pk__in=[run.pk for run in runs])
    wanted = dict(asked.values_list("pk", "arguments__endpoint_id"))
    rows = {str(row.pk): row for row in Endpoint.objects.filter(pk__in=set(wanted.values()))}
    return {
        pk: Subject("Webhook", rows[endpoint].get_absolute_url(), "webhooks.view")
        for pk, endpoint in wanted.items()
        if endpoint in rows
    }
