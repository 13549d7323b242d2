"""The usage page, its CSV, the API, the schools of a district, the numbers for Prometheus."""

from __future__ import annotations

import csv
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from time_machine import travel

from apps.audit.models import AuditEntry
from apps.core.errors import NotFound
from apps.tenants.errors import PermissionMissing
from apps.tenants.models import Membership, Tenant
from apps.tenants.services import configuration, schools
from apps.usage import plots
from apps.usage.errors import LimitReached
from apps.usage.models import UsageWarning, WorkspacePlan
from apps.usage.plans import METRICS
from apps.usage.services import limits, samples, series, usage, warnings
from tests.factories.gateway import make_key
from tests.factories.tenants import MembershipFactory, invite
from tests.factories.usage import bare_workspace, count
from tests.integration.core.test_metrics import scrape

pytestmark = pytest.mark.usefixtures("fresh_calls")


class TestPage:
    def test_it_shows_limits_and_plots(self, browse, owner, alpha):
        count(3, alpha)
        page = browse(owner).get("/settings/usage/").content.decode()
        assert "3 of 200" in page
        assert "Mails by day" in page
        assert page.count('role="img"') == len(METRICS) - 1  # schools are a district's

    def test_each_drawing_has_its_table(self, browse, owner):
        page = browse(owner).get("/settings/usage/?by=month").content.decode()
        assert page.count("As a table") == page.count('role="img"')

    def test_nonsense_shows_days(self, browse, owner):
        assert browse(owner).get("/settings/usage/?by=century").context["by"] == "day"

    def test_its_days_are_those_of_utc_in_every_zone(self, browse, owner, alpha):
        configuration.change(tenant=alpha, by=owner, time_zone="America/Los_Angeles")
        with travel("2026-06-10T12:00:00Z"):
            page = browse(owner).get("/settings/usage/").content.decode()
        assert "anew on 1 July" in page
        assert "30 June" not in page

    def test_it_takes_a_constant_number_of_queries(self, browse, owner, alpha):
        client = browse(owner)
        client.get("/settings/usage/")
        with CaptureQueriesContext(connection) as before:
            client.get("/settings/usage/")
        for back in range(20):
            day = usage.today() - timedelta(days=back)
            usage.advance(metric="mails", day=day, source="", amounts={"w_alpha": 5})
        with CaptureQueriesContext(connection) as after:
            client.get("/settings/usage/")
        assert len(after) == len(before) <= 24

    def test_the_csv_has_a_line_for_each_day_and_metric(self, browse, owner, alpha):
        count(3, alpha)
        answer = browse(owner).get("/settings/usage/usage.csv")
        lines = list(csv.DictReader(answer.content.decode().splitlines()))
        assert len(lines) == 30 * (len(METRICS) - 1)
        last = [line for line in lines if line["metric"] == "mails"][-1]
        assert (last["day"], last["amount"]) == (usage.today().isoformat(), "3")
        assert 'filename="alpha-usage-by-day.csv"' in answer["Content-Disposition"]


class TestSeries:
    def of(self, tenant, metric, **about):
        found = {one.metric.name: one for one in series.of(tenant, **about)}
        return found[metric]

    def test_what_is_counted_adds_up_over_a_month(self, alpha):
        first = usage.today().replace(day=1)
        for number in range(3):
            usage.advance(metric="mails", day=first, source=f"s{number}", amounts={"w_alpha": 2})
        found = self.of(alpha, "mails", by="month")
        assert (len(found.points), found.points[-1].amount, found.total) == (12, 6, 6)

    def test_of_what_there_is_a_month_has_the_last_sample(self, alpha, owner):
        day = usage.today().replace(day=1) - timedelta(days=1)
        for back, amount in ((9, 5), (0, 7)):
            usage.advance(
                metric="members", day=day - timedelta(days=back), source="",
                amounts={"w_alpha": amount},
            )  # fmt: skip
        assert self.of(alpha, "members", by="month").points[-2].amount == 7

    def test_a_day_without_a_sample_is_a_gap(self, alpha):
        assert {p.amount for p in self.of(alpha, "members").points} == {None}
        assert {p.amount for p in self.of(alpha, "mails").points} == {0}

    def test_a_drawing_says_what_it_shows(self, alpha):
        count(4, alpha)
        plot = plots.draw(self.of(alpha, "mails"), by="day")
        assert "4 in all; most on" in plot.summary
        assert [bar.height for bar in plot.bars][-1] == 200

    @pytest.mark.parametrize(("most", "line"), [(8, 0), (4, 0), (2, 100), (9, None)])
    def test_a_limit_in_reach_is_drawn(self, alpha, limit, most, line):
        count(4, alpha)
        limit(mails_day=most)
        state = limits.state("mails_day", tenant=alpha)
        assert plots.draw(self.of(alpha, "mails"), by="day", limit=state).line == line


class TestApi:
    @pytest.fixture
    def ask(self, alpha, browse):
        _, secret = make_key(alpha, scopes=["usage.view", "schools.view"])
        client = browse(None)
        headers = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
        return lambda path, **query: client.get(f"/api/v1/{path}/", query, **headers)

    def test_plan_limits_and_days(self, ask, alpha):
        count(3, alpha)
        found = ask("usage").json()
        assert found["plan"] == {"slug": "free", "name": "Free"}
        by_key = {one["limit"]: one for one in found["limits"]}
        assert (by_key["mails_day"]["used"], by_key["api_calls_day"]["used"]) == (3, 1)
        mails = next(one for one in found["series"] if one["metric"] == "mails")
        assert mails["points"][-1] == {"start": usage.today().isoformat(), "amount": 3}

    def test_a_span_of_months(self, ask):
        span = {"by": "month", "from": "2026-01-10", "to": "2026-03-02"}
        points = ask("usage", **span).json()["series"][0]["points"]
        assert [p["start"] for p in points] == ["2026-01-01", "2026-02-01", "2026-03-01"]

    @pytest.mark.parametrize(
        "span",
        [{"from": "2026-02-01", "to": "2026-01-01"}, {"from": "2020-01-01"}, {"by": "year"},
         {"to": "soon"}],
    )  # fmt: skip
    def test_a_span_that_makes_no_sense(self, ask, span):
        answer = ask("usage", **span)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")

    def test_it_takes_the_scope(self, alpha, browse):
        _, secret = make_key(alpha, scopes=["releases.view"])
        headers = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
        assert browse(None).get("/api/v1/usage/", **headers).status_code == 403

    def test_an_outsider_gets_nothing(self, beta, browse, outsider):
        _, secret = make_key(beta, scopes=["usage.view"])
        headers = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
        assert browse(None).get("/api/v1/usage/", **headers).status_code == 401
        assert browse(outsider).get("/api/v1/usage/").status_code == 403

    def test_the_schools_of_a_district(self, ask, school):
        count(2, school)
        found = ask("schools").json()["results"]
        assert [(one["slug"], one["used"]["mails_month"]) for one in found] == [("beta", 2)]

    def test_without_a_district_there_are_none(self, ask):
        assert ask("schools").status_code == 404


class TestSchools:
    def found(self, district, by, slug="north"):
        return schools.found(district=district, name="North School", slug=slug, by=by)

    def test_whoever_founds_one_owns_it(self, district, admin):
        school = self.found(district, admin)
        assert (school.parent, school.kind) == (district, "school")
        assert Membership.objects.get(tenant=school).user == admin
        assert AuditEntry.objects.get(action="school.founded").schema_name == "w_alpha"

    def test_founding_asks_for_no_seat_and_whoever_follows_needs_one(self, district, limit, admin):
        limit(district, members=1)
        school = self.found(district, admin)
        assert limits.state("members", tenant=school).used > 1
        with pytest.raises(LimitReached):
            limits.require("members", tenant=school)

    def test_the_district_has_no_way_in_without_being_invited(
        self, district, school, owner, browse
    ):
        client = browse(owner, tenant=school)
        assert client.get("/members/").status_code == 403
        page = browse(owner).get("/schools/").content.decode()
        assert f"/workspaces/{school.slug}/enter/" not in page

    def test_members_of_a_school_find_its_door(self, district, school, owner, browse):
        MembershipFactory(tenant=school, user=owner, role="admin")
        page = browse(owner).get("/schools/").content.decode()
        assert f"/workspaces/{school.slug}/enter/" in page

    @pytest.mark.parametrize(
        ("state", "way"), [("suspended", "enter"), ("failed", "setting-up"), ("deleting", "")]
    )
    def test_the_door_is_where_the_school_stands(self, district, school, owner, browse, state, way):
        MembershipFactory(tenant=school, user=owner, role="admin")
        now = timezone.now()
        Tenant.objects.filter(pk=school.pk).update(state=state, suspended_at=now, purge_at=now)
        page = browse(owner).get("/schools/").content.decode()
        doors = [door for door in ("enter", "setting-up") if f"/{school.slug}/{door}/" in page]
        assert doors == [way] * bool(way)

    def test_teachers_and_outsiders_found_none(self, district, teacher, outsider):
        for person in (teacher, outsider):
            with pytest.raises(PermissionMissing):
                self.found(district, person)

    def test_a_school_founds_none(self, alpha, owner):
        with pytest.raises(NotFound, match="no district"):
            self.found(alpha, owner)

    def test_not_more_than_the_limit(self, district, school, limit, owner):
        limit(district, schools=1)
        with pytest.raises(LimitReached, match="Schools"):
            self.found(district, owner)
        assert not Tenant.objects.filter(slug="north").exists()

    def test_the_page_founds_and_lists(self, district, browse, owner):
        client = browse(owner)
        form = {"name": "North School", "slug": "north"}
        assert client.post("/schools/new/", form).status_code == 302
        page = client.get("/schools/").content.decode()
        assert "North School" in page
        assert "Being set up" in page

    def test_the_page_says_what_is_wrong(self, district, browse, owner):
        answer = browse(owner).post("/schools/new/", {"name": "", "slug": "alpha"})
        page = answer.content.decode()
        assert (answer.status_code, "This address is taken" in page) == (422, True)

    def test_the_command_founds_one(self, district, owner, outsider, capsys):
        call_command("tenant", "create", "north", "--owner", outsider.email, "--district", "alpha")
        school = Tenant.objects.get(slug="north")
        assert (school.parent, school.state) == (district, Tenant.State.ACTIVE)
        assert Membership.objects.get(tenant=school).user == outsider
        assert "North is ready" in capsys.readouterr().out

    def test_a_workspace_that_is_no_district_has_no_such_page(self, browse, owner):
        assert browse(owner).get("/schools/").status_code == 404

    def test_the_list_takes_a_constant_number_of_queries(self, district, school, browse, owner):
        client = browse(owner)
        client.get("/schools/")
        with CaptureQueriesContext(connection) as before:
            client.get("/schools/")
        for number in range(5):
            bare_workspace(f"more{number}", owner, parent=district)
        with CaptureQueriesContext(connection) as after:
            client.get("/schools/")
        assert len(after) == len(before)


class TestPool:
    def test_schools_use_the_districts_limits_together(self, district, school, limit):
        limit(district, mails_day=10)
        count(6, district)
        count(3, school)
        found = limits.state("mails_day", tenant=school)
        assert (found.used, found.own, found.most, found.pool) == (9, 3, 10, district)
        with pytest.raises(LimitReached, match="Alpha and its schools have used 9 of 10"):
            limits.require("mails", tenant=school, adding=2)

    def test_a_school_may_have_a_limit_of_its_own_besides(self, district, school, limit):
        limit(school, mails_day=3)
        count(3, school)
        with pytest.raises(LimitReached, match="The workspace has used 3 of 3"):
            limits.require("mails", tenant=school)
        limits.require("mails", tenant=district)

    def test_members_of_all_count(self, district, school, owner, outsider):
        assert limits.state("members", tenant=school).used == 2

    def test_seats_of_the_pool_run_out_for_a_school(self, district, school, limit, owner, outsider):
        limit(district, members=2)
        with pytest.raises(LimitReached):
            invite(school, outsider)

    def test_without_the_plan_each_has_its_own(self, district, school):
        WorkspacePlan.objects.all().delete()
        count(3, district)
        found = limits.state("mails_day", tenant=school)
        assert (found.used, found.pool, limits.pool_of(school)) == (0, None, None)

    def test_the_districts_owners_are_warned_and_the_school_sees_it(
        self, district, school, limit, owner, outsider
    ):
        limit(district, mails_day=10)
        count(8, school)
        assert [w.schema_name for w in warnings.evaluate(tenant=school)] == ["w_alpha"]
        assert warnings.open_for(tenant=school)[0]["shared"]
        assert not warnings.open_for(tenant=district)[0]["shared"]

    def test_looking_from_a_school_keeps_what_the_district_was_warned_of(
        self, district, school, limit
    ):
        limit(district, schools=1)
        warnings.evaluate(tenant=district)
        warnings.evaluate(tenant=school)
        assert set(UsageWarning.objects.open().values_list("limit", flat=True)) == {"schools"}

    def test_a_school_outlives_its_district(self, district, school):
        district.delete()
        school.refresh_from_db()
        assert school.parent is None


def test_metrics_name_the_busiest_workspaces(alpha, beta, limit, browse):
    count(9, limit(mails_day=10))
    samples.settle()
    samples.look()
    found = scrape(browse(None, tenant=None))
    assert found["toolboxai_usage_today", ("metric", "mails")] == 9
    named = "toolboxai_usage_today_by_workspace"
    assert found[named, ("metric", "mails"), ("workspace", "w_alpha")] == 9
    assert found["toolboxai_workspaces", ("state", "active")] == 2
    warned = ("toolboxai_usage_warnings_open", ("limit", "mails_day"), ("percent", "80"))
    assert found[warned] == 1
