"""`/metrics`: who is let in, and what a scraper reads there."""

from __future__ import annotations

import pytest
from django.db import DataError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from apps.core import metrics
from apps.jobs.models import JobRun

TOKEN = "a-token-of-twenty-four-characters"


@pytest.fixture
def public(browse):
    return browse(None, tenant=None)


@pytest.fixture
def registered():
    """Collectors a test adds are gone after it."""
    before = dict(metrics._collectors)
    yield metrics.register
    metrics._collectors.clear()
    metrics._collectors.update(before)


def scrape(client: Client, **headers) -> dict:
    answer = client.get("/metrics", **headers)
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


class TestDoor:
    def test_a_developers_own_machine_needs_no_token(self, public):
        assert public.get("/metrics")["Content-Type"].startswith("text/plain; version=0.0.4")

    @pytest.mark.parametrize(
        "meta", [{"REMOTE_ADDR": "10.0.0.7"}, {"HTTP_X_FORWARDED_FOR": "10.0.0.7"}]
    )
    def test_another_machine_does(self, public, meta):
        assert public.get("/metrics", **meta).status_code == 404

    def test_production_does_too(self, public, settings):
        settings.TOOLBOXAI_ENV = "production"
        assert public.get("/metrics").status_code == 404

    @pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}"])
    def test_the_token_is_asked_for(self, public, settings, header):
        settings.METRICS_TOKEN = TOKEN
        answer = public.get("/metrics", HTTP_AUTHORIZATION=header)
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="metrics"')

    def test_the_token_opens_from_anywhere(self, public, settings):
        settings.METRICS_TOKEN = TOKEN
        meta = {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}", "REMOTE_ADDR": "10.0.0.7"}
        assert public.get("/metrics", **meta).status_code == 200

    def test_it_does_not_stand_on_a_workspaces_host(self, browse, owner):
        assert browse(owner).get("/metrics").status_code == 404

    def test_it_takes_no_post(self, public):
        assert public.post("/metrics").status_code == 405


def counted(samples, route, status):
    name = "toolboxai_http_request_duration_seconds_count"
    return sum(
        value
        for (found, *labels), value in samples.items()
        if found == name and {("route", route), ("status", status)} <= set(labels)
    )


def test_a_request_is_counted_by_its_route(public, browse):
    before = counted(scrape(public), "members", "3xx")
    browse(None).get("/members/")
    assert counted(scrape(public), "members", "3xx") == before + 1


def test_an_unknown_address_has_no_label_of_its_own(public):
    before = counted(scrape(public), "none", "4xx")
    public.get("/no/such/page/")
    assert counted(scrape(public), "none", "4xx") == before + 1


def test_open_jobs_are_shown_by_queue(public):
    JobRun.objects.create(name="mail.send", schema_name="public", queue="bulk")
    samples = scrape(public)
    assert samples["toolboxai_jobs_open", ("queue", "bulk"), ("state", "queued")] == 1
    assert samples["toolboxai_jobs_oldest_due_seconds", ("queue", "bulk")] >= 0


def test_an_app_registers_its_own(public, registered):
    def collect():
        family = metrics.counter("found", "Found things.", ["kind"])
        family.add_metric(["shell"], 3)
        yield family

    registered("beach", collect)
    samples = scrape(public)
    assert samples["toolboxai_found_total", ("kind", "shell")] == 3
    assert samples["toolboxai_collector_up", ("collector", "beach")] == 1


def test_one_that_fails_leaves_the_others(public, registered):
    def collect():
        raise DataError
        yield

    registered("broken", collect)
    samples = scrape(public)
    assert samples["toolboxai_collector_up", ("collector", "broken")] == 0
    assert samples["toolboxai_collector_up", ("collector", "jobs")] == 1


def test_the_queries_do_not_grow_with_the_rows(public, django_assert_num_queries):
    public.get("/metrics")
    with CaptureQueriesContext(connection) as before:
        public.get("/metrics")
    for number in range(20):
        JobRun.objects.create(name=f"job{number}", schema_name="public")
    with django_assert_num_queries(len(before)):
        public.get("/metrics")
