"""How mail goes, in the console."""

from __future__ import annotations

from datetime import timedelta

import time_machine
from django.utils import timezone

from apps.mail.models import Message
from apps.mail.services import statistics

PAGE = "/operator/mail/message/statistics/"


@time_machine.travel("2026-07-10T12:00:00Z", tick=False)
def test_it_counts_by_day_and_names_who_is_refused_most(write, alpha):
    for state in ("delivered", "opened", "bounced", "complained"):
        Message.objects.filter(pk=write(sent=True).pk).update(state=state)
    old = write(sent=True, schema_name="w_beta")
    Message.objects.filter(pk=old.pk).update(
        created_at=timezone.now() - timedelta(days=2), sent_at=timezone.now() - timedelta(days=1)
    )
    write()
    report = statistics.report()
    today = report.days[-1][1]
    assert (today.written, today.left, today.arrived, today.refused) == (5, 4, 2, 2)
    assert report.days[-3][1].p95 == 24 * 3600
    assert (report.total.left, report.total.refused_percent) == (5, 40.0)
    assert [(name, n.refused) for name, n in report.workspaces] == [(alpha.schema_name, 2)]
    assert len(report.days) == statistics.DAYS


def test_operators_see_it_in_as_many_queries_whatever_there_is(
    console, write, django_assert_num_queries
):
    assert "No mail was written" in console.get(PAGE).content.decode()
    Message.objects.filter(pk=write(sent=True).pk).update(state="bounced")
    page = console.get(PAGE).content.decode()
    assert "1 bounced, 0 complained, 100.0 %" in page
    assert "w_alpha" in page
    with django_assert_num_queries(3):
        statistics.report()


def test_it_is_for_operators(browse, owner):
    assert browse(owner, tenant=None).get(PAGE).status_code in {302, 403, 404}
