"""The canary: every workspace is shown its own mark, and a foreign one raises the alarm."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from structlog.testing import capture_logs

from apps.audit.models import AuditEntry
from apps.core import metrics
from apps.fleet.services import checks
from apps.isolation import receivers
from apps.isolation.models import Probe
from apps.isolation.services import marks, probes
from apps.isolation.tasks import probe as probe_task
from apps.mail.models import Message
from apps.marks.models import WorkspaceMark
from apps.tenants.signals import workspace_opened

WAYS = 5


@pytest.fixture
def leak(workspaces):
    """Beta's mark stands in Alpha's schema, as after a query that went next door."""
    alpha, beta = workspaces
    with alpha:
        WorkspaceMark.objects.update(schema_name=beta.schema_name)


def take(**about) -> Probe:
    return probes.take(process="command", threads=1, **about)


def test_each_workspace_is_shown_its_own_mark(workspaces):
    probe = take()
    assert (probe.foreign, probe.findings, probe.workspaces) == (0, [], 2)
    # Each is read twice, in every way: before its neighbour and after it.
    assert probe.reads == 2 * 2 * WAYS


def test_a_workspace_without_a_mark_is_given_one(alpha, beta):
    take()
    with alpha:
        assert WorkspaceMark.objects.get().schema_name == alpha.schema_name


def test_a_new_workspace_is_marked_when_it_opens(alpha):
    workspace_opened.send(sender=type(alpha), tenant=alpha)
    with alpha:
        assert WorkspaceMark.objects.get().schema_name == alpha.schema_name


@pytest.mark.usefixtures("leak")
class TestLeak:
    def test_it_is_found_in_every_way_of_reading(self, alpha, beta):
        probe = take()
        assert {f["way"] for f in probe.findings} == {
            "by_model", "by_sql", "after_an_error", "in_chunks", "after_a_savepoint",
        }  # fmt: skip
        assert {(f["asked"], f["shown"]) for f in probe.findings} == {
            (alpha.schema_name, beta.schema_name)
        }

    def test_the_mark_is_not_written_over(self, alpha, beta):
        take()
        assert take().foreign > 0

    def test_it_is_an_error_in_the_log(self, alpha):
        with capture_logs() as logs:
            take()
        found = [line for line in logs if line["event"] == "isolation_leak"]
        assert [line["log_level"] for line in found] == ["error"]
        assert found[0]["findings"][0]["asked"] == alpha.schema_name

    def test_it_is_audited(self):
        probe = take()
        entry = AuditEntry.objects.get(action="isolation.leak_found")
        assert (entry.object_id, entry.data["foreign"]) == (str(probe.pk), probe.foreign)

    def test_operators_are_told_once_while_it_goes_on(self, operator):
        take()
        take()
        mail = Message.objects.get(to=operator.email, template="mail/isolation_alarm")
        assert mail.text.count("- w_alpha was shown w_beta") == WAYS

    def test_operators_are_told_again_after_an_hour(self, operator):
        take()
        Probe.objects.update(started_at=timezone.now() - timedelta(minutes=61))
        take()
        assert Message.objects.filter(to=operator.email).count() == 2

    def test_the_metric_counts_it(self):
        probe = take()
        shown = metrics.render().decode()
        assert f"toolboxai_isolation_foreign_marks_total {probe.foreign}.0" in shown

    def test_the_fleet_hears_of_it_between_two_rings(self, alpha, beta):
        asked = checks._registered["isolation"]
        found = list(asked([alpha.schema_name, beta.schema_name]))
        assert "w_alpha was shown w_beta (by_model)" in found
        assert list(asked([beta.schema_name])) == []

    def test_the_command_fails(self):
        with pytest.raises(CommandError, match="each other's rows"):
            call_command("isolation", "probe", threads=1)
        with pytest.raises(CommandError, match="1 probes found a leak"):
            call_command("isolation", "status")


def test_a_row_that_says_the_right_thing_in_the_wrong_place_is_foreign():
    assert marks.Sighting("w_alpha", "by_sql", "w_alpha", "w_beta").is_foreign
    assert not marks.Sighting("w_alpha", "by_sql", "w_alpha", "w_alpha").is_foreign


def test_quiet_probes_are_kept_a_week_and_leaks_for_good(workspaces, leak):
    long_ago = timezone.now() - timedelta(days=8)
    blank = {"process": "web", "started_at": long_ago, "milliseconds": 1, "workspaces": 1}
    Probe.objects.create(**blank, reads=1, foreign=0, unwalled=0)
    kept = Probe.objects.create(**blank, reads=1, foreign=1, unwalled=0)
    take()
    assert list(Probe.objects.filter(started_at=long_ago)) == [kept]


def test_the_beat_has_a_worker_look():
    from django.conf import settings

    assert settings.CELERY_BEAT_SCHEDULE["isolation.probe"]["task"] == probe_task.name


@pytest.mark.django_db(transaction=True)
class TestThroughThePool:
    """Over connections of their own, which see committed rows only."""

    def test_a_worker_looks_over_several_connections(self):
        probe_task.run()
        probe = Probe.objects.get(process="worker")
        assert (probe.workspaces, probe.reads, probe.foreign) == (2, 4 * WAYS, 0)

    def test_a_web_process_looks_when_asked_for_its_health(self, settings, browse, monkeypatch):
        settings.ISOLATION_PROBE_SECONDS = 60.0
        monkeypatch.setattr(receivers, "_turn", receivers._Turn())
        first, second = (receivers.probe_when_due() for _ in range(2))
        first.join()
        assert second is None
        assert Probe.objects.get().process == "web"

    def test_the_health_page_asks(self, client, monkeypatch):
        heard = []
        monkeypatch.setattr(receivers._turn, "comes", lambda: heard.append(1))
        monkeypatch.setattr("django.conf.settings.ISOLATION_PROBE_SECONDS", 60.0)
        assert client.get("/healthz", SERVER_NAME="localhost").status_code == 200
        assert heard == [1]


def test_the_console_shows_what_was_seen(console, workspaces, leak):
    probe = take()
    overview = console.get("/operator/").content.decode()
    assert "Leaks found in a day" in overview
    assert "Minutes since isolation was probed" in overview
    listed = console.get("/operator/isolation/probe/").content.decode()
    assert probe.node in listed
    one = console.get(f"/operator/isolation/probe/{probe.pk}/change/").content.decode()
    assert "after_a_savepoint" in one
