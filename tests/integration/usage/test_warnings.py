"""Owners hear of a limit in time, and not again and again."""

from __future__ import annotations

import pytest
from time_machine import travel

from apps.audit.models import AuditEntry
from apps.mail.models import Message, Wishes
from apps.tenants.models import Membership
from apps.tenants.signals import workspace_purged
from apps.usage.models import UsageDay, UsageWarning
from apps.usage.services import api_calls, samples, usage, warnings
from tests.factories.tenants import MembershipFactory

pytestmark = pytest.mark.usefixtures("fresh_calls")


def mails(number: int, tenant) -> list:
    usage.count(schema_name=tenant.schema_name, metric="mails", amount=number)
    return warnings.evaluate(tenant=tenant)


def open_ones() -> list[int]:
    return sorted(UsageWarning.objects.open().values_list("threshold", flat=True))


def test_once_at_80_95_and_100_percent(limit):
    alpha = limit(mails_day=100)
    told = [[w.threshold for w in mails(number, alpha)] for number in (79, 1, 5, 10, 4, 1, 1)]
    assert told == [[], [80], [], [95], [], [100], []]
    assert open_ones() == [80, 95, 100]


def test_a_leap_over_two_is_told_once(limit):
    alpha = limit(mails_day=100)
    assert [w.threshold for w in mails(97, alpha)] == [95]
    assert open_ones() == [80, 95]


def test_owners_get_a_mail_and_others_none(limit, owner, admin):
    alpha = limit(mails_day=100)
    mails(96, alpha)
    message = Message.objects.get(template="mail/limit_near")
    assert (message.to, message.subject) == (owner.email, "Alpha: 95 % of Mails today used")
    assert "96 of 100 used, 96 %" in message.text
    assert "Nothing is refused yet" in message.text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", "E-Mails heute in Alpha: 1.600 von 2.000 verbraucht, 80 %."),
        ("es", "Correos de hoy en Alpha: se han usado 1.600 de 2.000, el 80 %."),
    ],
)
def test_the_mail_is_in_the_language_of_its_reader(limit, owner, language, words):
    Wishes.objects.create(user=owner, language=language)
    mails(1_600, limit(mails_day=2_000))
    texts = [mail.text for mail in Message.objects.filter(template="mail/limit_near")]
    assert sum(words in text for text in texts) == 1


def test_the_mail_at_the_end_says_until_when(limit, owner):
    with travel("2026-06-10T12:00:00Z"):
        mails(100, limit(mails_month=100))
        text = Message.objects.get(template="mail/limit_near").text
    assert "More is refused until 1 July 2026, 00:00 UTC." in text


def test_it_stands_in_the_audit(limit):
    mails(80, limit(mails_day=100))
    entry = AuditEntry.objects.get(action="usage.warned")
    assert entry.data == {"percent": 80, "used": 80, "limit": 100}
    assert (entry.schema_name, entry.object_label) == ("w_alpha", "Mails today")


def test_a_new_day_begins_anew(limit):
    alpha = limit(mails_day=10)
    with travel("2026-06-10T12:00:00Z"):
        assert mails(9, alpha)
    with travel("2026-06-11T12:00:00Z"):
        assert mails(0, alpha) == []
        assert open_ones() == []
        assert mails(8, alpha)


def test_what_was_made_room_for_is_over_and_not_told_twice(limit, owner):
    alpha = limit(members=5)
    people = [MembershipFactory(tenant=alpha) for _ in range(3)]
    assert [w.threshold for w in warnings.evaluate(tenant=alpha)] == [80]
    people[0].delete()
    assert warnings.evaluate(tenant=alpha) == []
    assert open_ones() == []
    MembershipFactory(tenant=alpha)
    assert warnings.evaluate(tenant=alpha) == []
    assert open_ones() == [80]


def test_the_schedule_warns_of_what_was_counted(limit):
    usage.count(schema_name=limit(mails_day=10).schema_name, metric="mails", amount=9)
    assert samples.settle() == 1
    assert samples.settle() == 0


def test_the_schedule_warns_of_what_there_is(limit):
    alpha = limit(members=5)
    for _ in range(4):
        MembershipFactory(tenant=alpha)
    samples.look()
    assert open_ones() == [80]
    Membership.objects.filter(tenant=alpha).delete()
    samples.settle()
    assert open_ones() == []


def test_the_call_that_crosses_warns_at_once(limit):
    alpha = limit(api_calls_day=5)
    for _ in range(3):
        api_calls.take(tenant=alpha)
    assert open_ones() == []
    api_calls.take(tenant=alpha)
    assert open_ones() == [80]


def test_the_deed_that_crosses_warns_after_its_commit(limit, django_capture_on_commit_callbacks):
    from apps.usage.services import limits

    alpha = limit(deployments_month=5)
    usage.count(schema_name="w_alpha", metric="deployments", amount=3)
    with django_capture_on_commit_callbacks(execute=True):
        limits.require("deployments", tenant=alpha)
        usage.count(schema_name="w_alpha", metric="deployments")
    assert open_ones() == [80]


def test_of_a_workspace_that_is_gone_nothing_is_open(limit):
    alpha = limit(mails_day=10)
    mails(9, alpha)
    workspace_purged.send(sender=type(alpha), tenant=alpha, owners=[])
    assert not UsageWarning.objects.exists()


def test_looking_at_many_takes_few_queries(alpha, beta, django_assert_max_num_queries):
    for tenant in (alpha, beta):
        usage.count(schema_name=tenant.schema_name, metric="mails")
    with django_assert_max_num_queries(12):
        samples.settle()


class TestBanner:
    def page(self, client):
        return client.get("/members/").content.decode()

    def test_owners_see_it_on_every_page(self, limit, browse, owner):
        mails(96, limit(mails_day=100))
        page = self.page(browse(owner))
        assert "A limit of the plan is near" in page
        assert "Mails today: 95 % used or more" in page

    def test_teachers_do_not(self, limit, browse, teacher):
        mails(96, limit(mails_day=100))
        assert "A limit of the plan" not in self.page(browse(teacher))

    def test_it_goes_when_it_is_over(
        self, limit, browse, owner, django_capture_on_commit_callbacks
    ):
        client = browse(owner)
        alpha = limit(mails_day=100)
        with django_capture_on_commit_callbacks(execute=True):
            mails(96, alpha)
        assert "A limit of the plan" in self.page(client)
        with django_capture_on_commit_callbacks(execute=True):
            warnings.evaluate(tenant=limit(mails_day=1000))
        assert "A limit of the plan" not in self.page(client)

    def test_without_redis_the_database_is_asked(self, limit, settings):
        alpha = limit(mails_day=100)
        mails(96, alpha)
        away = {"BACKEND": "django.core.cache.backends.redis.RedisCache"}
        settings.CACHES = {
            name: {**away, "LOCATION": "redis://127.0.0.1:1/0"} for name in settings.CACHES
        }
        assert warnings.open_for(tenant=alpha)[0]["threshold"] == 95


class TestSamples:
    def test_every_workspace_is_looked_at(self, alpha, beta, owner):
        assert samples.look() == 2
        rows = UsageDay.objects.filter(schema_name="w_alpha")
        found = dict(rows.values_list("metric", "amount"))
        assert (found["members"], found["storage_bytes"], found["schools"]) == (1, 0, 0)
        assert found["database_bytes"] > 100_000

    def test_looking_again_keeps_the_last(self, alpha, owner, admin):
        samples.look()
        Membership.objects.filter(user=admin).delete()
        samples.look()
        assert UsageDay.objects.get(schema_name="w_alpha", metric="members").amount == 1

    def test_old_rows_are_forgotten(self, db):
        with travel("2020-01-01"):
            usage.sample(metric="members", amounts={"w_alpha": 1})
        usage.sample(metric="members", amounts={"w_alpha": 1})
        assert samples.forget() == 1
