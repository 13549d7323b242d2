"""What operators see and change: the console, plans, the command."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.services import operators
from apps.audit.models import AuditEntry
from apps.core.errors import NotAllowed
from apps.tenants.access import Operator
from apps.tenants.models import Tenant
from apps.usage.errors import UnknownPlan
from apps.usage.models import UsageWarning, WorkspacePlan
from apps.usage.services import limits, plan_changes, samples, warnings
from tests.factories.usage import bare_workspace, count

pytestmark = pytest.mark.usefixtures("fresh_calls")


class TestConsole:
    LIST = "/operator/usage/workspaceusage/"

    @pytest.fixture
    def operator(self, db):
        return operators.create(email="olga@toolboxai.example")

    @pytest.fixture
    def console(self, operator, browse):
        client = browse(None, tenant=None)
        code = operators.current_code(user=operator.user)
        client.post("/operator/login/", {
            "username": operator.user.email, "password": operator.password, "otp_token": code,
        })  # fmt: skip
        return client

    def test_it_lists_who_uses_what(self, console, alpha, beta):
        count(7, alpha)
        samples.settle()
        page = console.get(f"{self.LIST}?o=10").content.decode()
        assert page.index("Alpha") < page.index("Beta")

    @pytest.mark.parametrize("state", ["provisioning", "failed"])
    def test_it_shows_a_workspace_whose_schema_is_not_there(self, console, owner, state):
        unborn = Tenant.objects.create(
            name="Unborn", slug="unborn", schema_name="w_unborn", state=state, created_by=owner,
            email=owner.email,
        )  # fmt: skip
        assert console.get(f"{self.LIST}{unborn.pk}/change/").status_code == 200

    def test_those_near_a_limit_can_be_asked_for(self, console, limit, beta):
        count(9, limit(mails_day=10))
        samples.settle()
        page = console.get(f"{self.LIST}?near=1").content.decode()
        assert "90 % Mails today" in page
        assert "Beta" not in page
        figures = {f.label: f for f in console.get("/operator/").context["figures"]}
        assert (figures["Near a limit"].value, figures["Near a limit"].alarming) == (1, True)

    @pytest.mark.parametrize(("plan", "rows"), [("free", 1), ("school", 1), ("starter", 0)])
    def test_plans_can_be_asked_for(self, console, alpha, beta, plan, rows):
        WorkspacePlan.objects.filter(tenant=alpha).update(plan="school")
        page = console.get(f"{self.LIST}?plan={plan}")
        assert page.context["cl"].result_count == rows

    def test_one_workspace(self, console, limit):
        alpha = limit(mails_day=10)
        count(9, alpha)
        warnings.evaluate(tenant=alpha)
        page = console.get(f"{self.LIST}{alpha.pk}/change/").content.decode()
        assert "9 of 10" in page
        assert "Mails today: 80 %" in page

    def test_changing_the_plan(self, console, alpha):
        form = {"action": "plan_school", "_selected_action": [alpha.pk]}
        page = console.post(self.LIST, form, follow=True).content.decode()
        assert "Alpha has the plan School now" in page
        entry = AuditEntry.objects.get(action="plan.changed")
        assert entry.data == {"before": "free", "after": "school"}
        assert entry.actor_label == "operator olga@toolboxai.example"

    def test_the_list_takes_a_constant_number_of_queries(self, console, alpha, beta, owner):
        console.get(self.LIST)
        with CaptureQueriesContext(connection) as before:
            console.get(self.LIST)
        for number in range(5):
            bare_workspace(f"more{number}", owner)
        with CaptureQueriesContext(connection) as after:
            console.get(self.LIST)
        assert len(after) == len(before)


class TestPlanChanges:
    def test_members_change_none(self, alpha, owner):
        with pytest.raises(NotAllowed):
            plan_changes.change(tenant=alpha, plan="school", by=Operator(owner))

    def test_there_is_no_such_plan(self, alpha):
        with pytest.raises(UnknownPlan):
            plan_changes.change(tenant=alpha, plan="gold", by=None)

    def test_the_same_plan_leaves_no_trace(self, alpha):
        plan_changes.change(tenant=alpha, plan="free", by=None)
        assert not AuditEntry.objects.filter(action="plan.changed").exists()

    def test_a_smaller_plan_takes_nothing_away_and_warns(self, alpha):
        count(150, alpha)
        WorkspacePlan.objects.filter(tenant=alpha).update(plan="school")
        warnings.evaluate(tenant=alpha)
        count(100, alpha)
        plan_changes.change(tenant=alpha, plan="free", by=None)
        found = limits.state("mails_day", tenant=alpha)
        assert (found.percent, found.threshold) == (125, 100)
        assert UsageWarning.objects.filter(limit="mails_day").count() == 3


class TestCommand:
    def test_showing(self, alpha, capsys):
        count(3, alpha)
        call_command("usage", "show", "alpha")
        out = capsys.readouterr().out
        assert out.startswith("Alpha: Free\n")
        assert "3 of 200" in " ".join(out.split())

    def test_changing_the_plan(self, alpha, capsys):
        call_command("usage", "plan", "alpha", "starter")
        assert capsys.readouterr().out == "Alpha has the plan Starter.\n"
        assert limits.plan_of(alpha).slug == "starter"

    def test_settling(self, alpha, beta, capsys):
        call_command("usage", "settle")
        assert capsys.readouterr().out == "2 workspaces looked at, 0 new warnings.\n"

    @pytest.mark.parametrize(
        ("words", "text"),
        [(("show", "nobody"), "no workspace nobody"), (("plan", "alpha", "gold"), "Choose one of")],
    )
    def test_refusals(self, alpha, words, text):
        with pytest.raises(CommandError, match=text):
            call_command("usage", *words)
