"""One question, asked at every place where something is used."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest
from django.db import connection
from time_machine import travel

from apps.tenants.models import Membership
from apps.tenants.services import invitations
from apps.usage.errors import CallLimitReached, LimitReached
from apps.usage.models import WorkspacePlan
from apps.usage.plans import LIMITS, METRICS, PLANS
from apps.usage.services import api_calls, ceilings, limits, usage
from tests.factories.accounts import UserFactory
from tests.factories.gateway import make_key
from tests.factories.tenants import MembershipFactory, invite


@pytest.fixture(autouse=True)
def _fresh(fresh_calls):
    pass


def at_once(deed, calls):
    """Both calls of `deed` in threads of their own; those that a limit refused."""
    refused, barrier = [], threading.Barrier(2)

    def run(*args):
        barrier.wait(timeout=10)
        try:
            deed(*args)
        except LimitReached as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=args) for args in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return refused


def state(tenant, key):
    return limits.state(key, tenant=tenant)


class TestPlans:
    def test_every_plan_limits_what_is_declared_and_nothing_else(self):
        for plan in PLANS.values():
            assert set(plan.limits) == set(LIMITS)
        assert {limit.metric for limit in LIMITS.values()} <= set(METRICS)

    def test_a_larger_plan_allows_no_less(self):
        plans = list(PLANS.values())
        for smaller, larger in pairwise(plans):
            assert all(smaller.limits[key] <= larger.limits[key] for key in LIMITS)

    def test_without_a_row_it_is_the_free_one(self, alpha):
        assert limits.plan_of(alpha).slug == "free"
        assert state(alpha, "members").most == PLANS["free"].limits["members"]

    def test_a_row_says_otherwise(self, alpha):
        WorkspacePlan.objects.filter(tenant=alpha).update(plan="school")
        assert state(alpha, "members").most == PLANS["school"].limits["members"]

    def test_configuration_says_otherwise_again(self, limit):
        assert state(limit(members=7), "members").most == 7


class TestState:
    @pytest.mark.parametrize(
        ("used", "percent", "threshold", "level"),
        [(0, 0, 0, ""), (79, 79, 0, ""), (80, 80, 80, "warning"), (95, 95, 95, "danger"),
         (99, 99, 95, "danger"), (100, 100, 100, "danger"), (130, 130, 100, "danger")],
    )  # fmt: skip
    def test_how_near(self, used, percent, threshold, level):
        found = limits.State(LIMITS["members"], used, 100, used)
        assert (found.percent, found.threshold, found.level) == (percent, threshold, level)

    def test_nothing_is_near_where_nothing_is_limited(self):
        found = limits.State(LIMITS["members"], 5, None, 5)
        assert (found.percent, found.threshold, found.text) == (None, 0, "5")

    def test_a_limit_of_nothing_is_reached(self):
        assert limits.State(LIMITS["members"], 0, 0, 0).percent == 100

    def test_a_day_ends_at_midnight_a_month_on_the_first(self):
        with travel("2026-12-31T23:30:00Z", tick=False):
            ends = {
                key: limits.State(LIMITS[key], 0, 1, 0).resets_at
                for key in ("members", "jobs_day", "mails_month")
            }
        assert ends["members"] is None
        assert ends["jobs_day"].isoformat() == "2027-01-01T00:00:00+00:00"
        assert ends["mails_month"].isoformat() == "2027-01-01T00:00:00+00:00"

    def test_what_happened_last_month_does_not_count(self, alpha):
        with travel("2026-05-31T12:00:00Z"):
            usage.count(schema_name=alpha.schema_name, metric="mails")
        with travel("2026-06-01T12:00:00Z"):
            usage.count(schema_name=alpha.schema_name, metric="mails")
            assert state(alpha, "mails_month").used == state(alpha, "mails_day").used == 1

    def test_all_of_them_take_a_constant_number_of_queries(
        self, alpha, owner, django_assert_max_num_queries
    ):
        for metric in ("jobs", "mails", "deployments"):
            usage.count(schema_name=alpha.schema_name, metric=metric)
        with django_assert_max_num_queries(8):
            found = limits.of(alpha)
        assert {s.limit.key for s in found} == set(LIMITS) - {"schools"}

    def test_one_workspace_does_not_use_for_another(self, alpha, beta):
        usage.count(schema_name=beta.schema_name, metric="mails", amount=9)
        assert state(alpha, "mails_day").used == 0


class TestRefusals:
    def test_it_says_what_is_reached_and_what_to_do(self, limit):
        usage.count(schema_name="w_alpha", metric="mails", amount=5)
        with pytest.raises(LimitReached) as refused:
            limits.require("mails", tenant=limit(mails_day=5))
        problem = refused.value.as_problem()
        assert problem["detail"].startswith("Mails today: The workspace has used 5 of 5.")
        assert "larger plan" in problem["detail"]
        assert (problem["status"], problem["limit"], problem["most"]) == (403, "mails_day", 5)
        assert 0 < refused.value.retry_after <= 86_400

    def test_the_last_one_is_still_allowed(self, limit):
        usage.count(schema_name="w_alpha", metric="mails", amount=4)
        alpha = limit(mails_day=5)
        limits.require("mails", tenant=alpha)
        with pytest.raises(LimitReached):
            limits.require("mails", tenant=alpha, adding=2)

    def test_an_unknown_metric_is_a_mistake(self, alpha):
        with pytest.raises(LookupError):
            limits.require("smiles", tenant=alpha)

    def test_outside_of_a_workspace_nothing_is_limited(self, db):
        limits.require("storage_bytes", adding=10**15)


class TestSeats:
    def test_no_invitation_beyond_the_last_seat(self, limit, owner, admin):
        alpha = limit(members=3)
        invite(alpha, owner, "one@school.example")
        with pytest.raises(LimitReached, match="Members"):
            invite(alpha, owner, "two@school.example")

    def test_sending_again_takes_no_second_seat(self, limit, owner):
        alpha = limit(members=2)
        invitations.resend(invitation=invite(alpha, owner), by=owner)
        with pytest.raises(LimitReached):
            invite(alpha, owner, "two@school.example")

    def test_a_seat_that_was_taken_meanwhile(self, limit, owner, alpha):
        newcomer = UserFactory(email="new@school.example")
        invitation = invite(alpha, owner)
        limit(members=1)
        with pytest.raises(LimitReached):
            invitations.accept(invitation=invitation, by=newcomer)
        assert not Membership.objects.filter(user=newcomer).exists()

    def test_who_is_a_member_already_needs_no_seat(self, limit, owner, alpha):
        invitation = invite(alpha, owner)
        person = MembershipFactory(tenant=alpha, user__email="new@school.example").user
        limit(members=1)
        assert invitations.accept(invitation=invitation, by=person).role == "teacher"

    @pytest.mark.django_db(transaction=True)
    def test_two_who_join_at_once_share_one_seat(self, limit, owner, alpha):
        people = [UserFactory(email=f"new{n}@school.example") for n in range(2)]
        invited = [invite(alpha, owner, person.email) for person in people]
        limit(members=2)
        refused = at_once(
            lambda person, invitation: invitations.accept(invitation=invitation, by=person),
            zip(people, invited, strict=True),
        )
        assert (len(refused), alpha.memberships.count()) == (1, 2)

    @pytest.mark.django_db(transaction=True)
    def test_two_invited_at_once_are_not_promised_one_seat(self, limit, owner, alpha):
        limit(members=2)
        addresses = [("one@school.example",), ("two@school.example",)]
        refused = at_once(lambda email: invite(alpha, owner, email), addresses)
        assert (len(refused), alpha.invitations.count()) == (1, 1)


class TestCalls:
    @pytest.fixture
    def call(self, alpha, browse):
        _, secret = make_key(alpha)
        client = browse(None)
        return lambda: client.get("/api/v1/releases/", HTTP_AUTHORIZATION=f"Bearer {secret}")

    def test_each_call_counts_at_once(self, alpha, call):
        assert [call().status_code for _ in range(3)] == [200] * 3
        assert state(alpha, "api_calls_day").used == state(alpha, "api_calls_month").used == 3

    def test_a_stranger_does_not_count(self, alpha, browse):
        browse(None).get("/api/v1/releases/")
        assert state(alpha, "api_calls_day").used == 0

    def test_the_call_after_the_last_is_refused_and_not_counted(self, limit, call):
        alpha = limit(api_calls_day=2)
        assert [call().status_code for _ in range(4)] == [200, 200, 429, 429]
        assert state(alpha, "api_calls_day").used == 2

    def test_the_refusal_says_when_it_goes_on(self, limit, call):
        limit(api_calls_day=1)
        call()
        answer = call()
        assert answer.json()["code"] == "call_limit_reached"
        assert 0 < int(answer["Retry-After"]) <= 86_400
        assert (answer.json()["used"], answer.json()["most"]) == (1, 1)

    def test_the_month_counts_too(self, limit, alpha):
        with travel("2026-06-10T12:00:00Z"):
            first = usage.today().replace(day=2)
            usage.advance(metric="api_calls", day=first, source="", amounts={"w_alpha": 9})
            limit(api_calls_month=10)
            api_calls.take(tenant=alpha)
            with pytest.raises(CallLimitReached, match="this month"):
                api_calls.take(tenant=alpha)

    def test_without_redis_calls_pass(self, limit, settings, call):
        limit(api_calls_day=1)
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        ceilings.forget()
        assert [call().status_code for _ in range(2)] == [200, 200]

    def test_a_call_costs_no_query_once_the_limit_is_known(self, alpha, django_assert_num_queries):
        api_calls.take(tenant=alpha)
        with django_assert_num_queries(0):
            api_calls.take(tenant=alpha)

    def test_a_plan_that_changed_is_heard_of(self, limit, alpha):
        api_calls.take(tenant=alpha)
        limit(api_calls_day=1)
        with travel("2030-01-01", tick=False):
            api_calls.take(tenant=alpha)
            with pytest.raises(CallLimitReached):
                api_calls.take(tenant=alpha)
