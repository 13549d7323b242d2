"""What owners and operators see of an unpaid invoice."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse as reverse_of

from apps.payments.models import DunningCase
from apps.payments.services import dunning_figures
from tests.factories.gateway import make_key
from tests.factories.unpaid import Debtor

PAGE = "/settings/billing/payment-problems/"


@pytest.fixture
def debtor(alpha, owner):
    found = Debtor(alpha)
    found.at(0)
    return found


def reverse(name, **about):
    return reverse_of(name, urlconf="config.urls_public", **about)


def text(answer):
    return " ".join(answer.content.decode().split())


class TestOwners:
    def test_the_banner_says_ever_more(self, debtor, browse, owner):
        assert "A payment did not go through" in text(browse(owner).get("/"))
        debtor.through(10)
        page = text(browse(owner).get("/"))
        assert "This workspace is read-only until it is paid for" in page
        assert "€149.00 for invoice TBX-1 could not be charged" in page
        debtor.through(14)
        assert "suspended until it is paid for" in text(browse(owner).get("/"))
        assert browse(owner).get(PAGE).status_code == 200
        debtor.paid(15)
        assert "TBX-1" not in text(browse(owner).get("/"))

    def test_others_are_told_what_they_notice_and_no_more(self, debtor, browse, teacher):
        debtor.through(10)
        page = text(browse(teacher).get("/"))
        assert "This workspace is read-only for now" in page
        assert "TBX-1" not in page

    def test_the_page_says_what_happened_and_what_comes(self, debtor, browse, owner):
        page = text(browse(owner).get(PAGE))
        for words in (
            "Invoice TBX-1, €149.00", "First notice by mail", "Workspace read-only",
            "11 February 2027", "Subscription ends", "https://invoice.example/i/1",
            "Change how it is paid",
        ):  # fmt: skip
            assert words in page
        debtor.paid(2)
        page = text(browse(owner).get(PAGE))
        assert "Recovered on 3 February 2027" in page
        assert "Workspace suspended" not in page

    def test_what_failed_is_marked_so_and_the_end_is_told_once(self, debtor, browse, owner):
        debtor.through(30)
        case = debtor.case
        case.ended_at, case.outcome = case.account.now, case.Outcome.CANCELLED
        case.save()
        page = text(browse(owner).get(PAGE))
        assert "step step-failed" in page
        assert "Subscription ends<" not in page
        assert page.count('step-title">Subscription ended<') == 1

    def test_nothing_unpaid(self, browse, owner):
        assert "Everything is paid" in text(browse(owner).get(PAGE))

    def test_others_do_not_see_it(self, debtor, browse, admin, outsider, beta):
        assert browse(admin).get(PAGE).status_code == 403
        assert browse(outsider).get(PAGE).status_code == 403
        assert "TBX-1" not in text(browse(outsider, tenant=beta).get(PAGE))

    def test_queries_do_not_grow_with_cases(
        self, debtor, browse, owner, django_assert_max_num_queries
    ):
        client = browse(owner)
        client.get(PAGE)
        with django_assert_max_num_queries(100) as few:
            client.get(PAGE)
        for number in range(2, 8):
            debtor.owe(f"TBX-{number}")
        debtor.at(0.5)
        with django_assert_max_num_queries(len(few)):
            client.get(PAGE)


class TestPrograms:
    API = "/api/v1/payment-problems/"

    @pytest.fixture
    def program(self, alpha):
        _, secret = make_key(alpha, scopes=["billing.view"])
        return Client(SERVER_NAME=alpha.host, headers={"Authorization": f"Bearer {secret}"})

    def test_a_key_reads_what_is_unpaid_what_follows_and_what_to_do(self, debtor, program):
        debtor.through(14)
        (found,) = program.get(self.API, {"open": "true"}).json()["results"]
        assert (found["invoice_number"], found["amount"], found["stage"]) == (
            "TBX-1", 14_900, "suspended",
        )  # fmt: skip
        assert (found["to_do"][:21], found["pay_url"]) == (
            "Pay with another card", "https://invoice.example/i/1",
        )  # fmt: skip
        assert found["ends_at"] == "2027-03-03T00:00:00Z"
        states = {entry["title"]: entry["state"] for entry in found["timeline"]}
        assert (states["Workspace suspended"], states["Subscription ends"]) == (
            "succeeded", "pending",
        )  # fmt: skip
        debtor.paid(15)
        one = program.get(f"{self.API}{found['id']}/").json()
        assert (one["outcome"], one["to_do"], one["pay_url"]) == ("recovered", "", "")
        assert program.get(self.API, {"open": "true"}).json()["results"] == []

    def test_nobody_else(self, debtor, beta, browse, teacher, outsider, program):
        theirs = Debtor(beta, number="TBX-B")
        theirs.at(0)
        for person in (teacher, outsider):
            assert browse(person).get(self.API).status_code in {403, 404}
        assert program.get(f"{self.API}{theirs.case.pk}/").status_code == 404
        assert "TBX-B" not in str(program.get(self.API).json())

    def test_its_queries_do_not_grow(self, debtor, program, django_assert_num_queries):
        program.get(self.API)
        with CaptureQueriesContext(connection) as few:
            program.get(self.API)
        for number in range(2, 6):
            debtor.owe(f"TBX-{number}")
        debtor.at(0.5)
        with django_assert_num_queries(len(few)):
            assert len(program.get(self.API).json()["results"]) == 5


class TestConsole:
    def test_the_board_has_cases_by_stage(self, debtor, console):
        debtor.through(10)
        page = text(console.get(reverse("admin:payments_dunning_board")))
        for words in ("Read-only", "€149.00", "TBX-1", "10 days", "Cases by the month"):
            assert words in page

    def test_a_long_board_says_so_and_leads_to_all(
        self, debtor, console, monkeypatch, django_assert_num_queries
    ):
        monkeypatch.setattr(dunning_figures, "SHOWN", 2)
        debtor.through(10)
        console.get(reverse("admin:payments_dunning_board"))
        with CaptureQueriesContext(connection) as few:
            console.get(reverse("admin:payments_dunning_board"))
        for number in range(2, 6):
            debtor.owe(f"TBX-{number}")
            debtor.at(10 + number)
        grace, reminded, _, suspended = dunning_figures.board()
        assert [one.number for one in (grace, reminded, suspended)] == [3, 1, 1]
        assert [case.invoice.number for case in grace.cases] == ["TBX-3", "TBX-4"]
        cases = DunningCase.objects.with_steps().with_stage()
        assert [case.reached for case in cases] == [case.stage for case in cases]
        assert grace.amount == 3 * 14_900
        with django_assert_num_queries(len(few)):
            page = text(console.get(reverse("admin:payments_dunning_board")))
        assert "These are the oldest 2." in page
        address = reverse("admin:payments_dunningcase_changelist")
        listed = text(console.get(address, {"stage": "grace", "o": "5"}))
        assert all(f">TBX-{number}<" in listed for number in (3, 4, 5))
        assert ">TBX-1<" not in listed

    def test_a_case_shows_all_and_what_can_be_done(self, debtor, console):
        debtor.through(8)
        url = reverse("admin:payments_dunningcase_change", args=[debtor.case.pk])
        page = text(console.get(url))
        for words in ("Made up for by a later one", "Give more time", "Write off", "To come"):
            assert words in page
        assert "TBX-1" in text(console.get(reverse("admin:payments_dunningcase_changelist")))

    def test_more_time_is_given_for_a_reason(self, debtor, console):
        action = {"action": "extend", "_selected_action": [str(debtor.case.pk)]}
        url = reverse("admin:payments_dunningcase_changelist")
        assert "Days" in text(console.post(url, action))
        done = {**action, "confirmed": "1", "days": "5", "reason": "Holidays"}
        assert console.post(url, done, follow=True).status_code == 200
        assert debtor.case.extended_days == 5
        page = text(
            console.get(reverse("admin:payments_dunningcase_change", args=[debtor.case.pk]))
        )
        assert "5 days, Holidays" in page

    def test_what_came_in(self, debtor):
        debtor.paid(2)
        months = dunning_figures.months()
        assert (len(months), months[-1].start.day) == (12, 1)
        assert dunning_figures.rate(months) is None  # it began in another time than today's
        debtor.account.dunning_cases.update(began_at=debtor.account.created_at)
        assert dunning_figures.rate(dunning_figures.months()) == 100
