"""`/api/v1/jobs/` and the buttons of the job's page: what customers do with their own jobs."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.audit.models import AuditEntry
from apps.core.errors import Conflict
from apps.jobs.models import JobRun
from apps.jobs.services import outcomes, runs
from apps.jobs.task import run_now
from apps.transfers.models import Export
from apps.transfers.services import exports
from tests.factories.gateway import make_key

pytestmark = pytest.mark.django_db
JOBS = "/api/v1/jobs/"


def program(tenant, *scopes):
    _, secret = make_key(tenant, scopes=list(scopes))
    return Client(SERVER_NAME=tenant.own_host, headers={"authorization": f"Bearer {secret}"})


def make_run(name="transfers.export", schema_name="w_alpha", **values):
    return JobRun.objects.create(name=name, schema_name=schema_name, **values)


def make_failed(name="tenants.check_domain", **arguments):
    run = runs.request(name=name, arguments=arguments, by=None, schema_name="w_alpha")
    outcomes.fail(run=runs.claim(run_id=str(run.pk)), error=Conflict("The name server is away."))
    run.refresh_from_db()
    return run


@pytest.fixture
def client(alpha):
    return program(alpha, "jobs.view", "jobs.manage", "exports.create", "domains.update")


def test_one_says_how_it_went_and_nothing_private(client):
    run = make_failed(domain_id=7)
    shown = client.get(f"{JOBS}{run.pk}/").json()
    assert (shown["task"], shown["title"]) == (run.name, "Look at a domain's record")
    assert (shown["state"], shown["attempts"], shown["replayable"]) == ("failed", 1, True)
    assert shown["problem"]["detail"] == "The name server is away."
    assert shown["duration_seconds"] >= 0
    assert run.traceback
    assert not {"traceback", "arguments", "private_arguments"} & set(shown)


def test_the_list_is_filtered_and_its_queries_are_constant(
    client, alpha, django_assert_max_num_queries
):
    wanted = make_failed()
    make_run(schema_name="w_beta")
    make_run()
    found = client.get(f"{JOBS}?state=failed&task=tenants.check_domain&fields=id").json()
    assert found["results"] == [{"id": str(wanted.pk)}]
    assert len(client.get(JOBS).json()["results"]) == 2
    for _ in range(20):
        make_run()
    with django_assert_max_num_queries(8):
        client.get(JOBS)


def test_cancelling_ends_what_has_not_begun(client, alpha, owner):
    export = exports.start(tenant=alpha, by=owner)
    answer = client.post(f"{JOBS}{export.run_id}/cancel/")
    assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")
    assert AuditEntry.objects.filter(action="job.cancelled", schema_name="w_alpha").exists()
    again = client.post(f"{JOBS}{export.run_id}/cancel/")
    assert (again.status_code, again.json()["code"]) == (409, "not_cancellable")


def test_a_cancelled_export_runs_again_to_its_end(client, alpha, owner):
    export = exports.start(tenant=alpha, by=owner)
    client.post(f"{JOBS}{export.run_id}/cancel/")
    assert Export.objects.get(pk=export.pk).state == Export.State.FAILED
    answer = client.post(f"{JOBS}{export.run_id}/replay/")
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    assert AuditEntry.objects.filter(action="job.replayed", schema_name="w_alpha").exists()
    run_now(JobRun.objects.get(pk=export.run_id))
    assert Export.objects.get(pk=export.pk).state == Export.State.READY


def test_it_waits_for_the_one_that_was_asked_for_since(client, alpha, owner):
    first = exports.start(tenant=alpha, by=owner)
    client.post(f"{JOBS}{first.run_id}/cancel/")
    exports.start(tenant=alpha, by=owner)
    assert client.post(f"{JOBS}{first.run_id}/replay/").status_code == 409
    assert JobRun.objects.get(pk=first.run_id).state == JobRun.State.CANCELLED


def test_what_nothing_would_mend_is_not_run_again(client):
    for run in (make_run("tenants.check_domain"), make_failed("jobs.gone")):
        answer = client.post(f"{JOBS}{run.pk}/replay/")
        assert (answer.status_code, answer.json()["code"]) == (409, "not_replayable")


def test_it_takes_the_permission_to_begin_such_work(alpha, owner):
    run = exports.start(tenant=alpha, by=owner).run_id
    refusals = {("jobs.view",): "permission_denied", ("jobs.manage",): "permission_missing"}
    for scopes, code in refusals.items():
        answer = program(alpha, *scopes).post(f"{JOBS}{run}/cancel/")
        assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert JobRun.objects.get(pk=run).state == JobRun.State.QUEUED


def test_a_neighbours_job_is_not_there(client, alpha, beta, browse, owner):
    run = make_run(schema_name="w_beta")
    assert client.get(f"{JOBS}{run.pk}/").status_code == 404
    for deed in ("cancel", "replay"):
        assert client.post(f"{JOBS}{run.pk}/{deed}/").status_code == 404
        assert browse(owner).post(f"/jobs/{run.pk}/{deed}/").status_code == 404


class TestPage:
    def test_it_asks_and_cancels(self, browse, owner, alpha):
        export = exports.start(tenant=alpha, by=owner)
        client, url = browse(owner), f"/jobs/{export.run_id}/"
        assert "Cancel this job?" in client.get(url).content.decode()
        assert "Cancel this job?" in client.get(f"{url}cancel/").content.decode()
        shown = client.post(f"{url}cancel/", follow=True).content.decode()
        assert "It is being cancelled." in shown
        assert "Run this job again?" in shown
        again = client.post(f"{url}cancel/", follow=True).content.decode()
        assert "It has ended, is being cancelled" in again

    def test_who_may_not_begin_it_sees_no_button(self, browse, teacher, owner, alpha):
        run = exports.start(tenant=alpha, by=owner).run_id
        assert "Cancel this job?" not in browse(teacher).get(f"/jobs/{run}/").content.decode()
        assert browse(teacher).post(f"/jobs/{run}/cancel/").status_code == 403

    def test_an_outsider_stops_nothing(self, browse, outsider, alpha, owner):
        run = exports.start(tenant=alpha, by=owner).run_id
        for deed in ("cancel", "replay"):
            assert browse(outsider).post(f"/jobs/{run}/{deed}/").status_code == 403
