"""The pages of branding and configuration, as a browser without scripts uses them."""

from __future__ import annotations

import re

import pytest

from apps.tenants import configuration as reading
from apps.tenants.models import Tenant
from apps.tenants.services import configuration

BRANDING = "/settings/branding/"
PAGE = "/settings/configuration/"
HISTORY = "/settings/configuration/history/"
LOOK = {"version": "0", "accent": "#0a7d5a", "mark": "letters"}


def terms(*rows):
    """As the page's form sends them."""
    names = ("name", "starts", "ends")
    sent = {
        f"terms-{n}-{name}": value
        for n, row in enumerate(rows)
        for name, value in zip(names, row, strict=True)
    }
    return {"terms-TOTAL_FORMS": str(len(rows)), "terms-INITIAL_FORMS": "0", **sent}


def filled(*rows, **about):
    return {
        "version": "0", "locale": "en-gb", "time_zone": "Europe/London", "week_start": "monday",
        "feature_api": "on", "feature_teacher_uploads": "on", "feature_teacher_staging": "on",
        **terms(*rows), **about,
    }  # fmt: skip


AUTUMN = ("Autumn", "2026-09-01", "2026-12-18")
SPRING = ("Spring", "2027-01-11", "2027-04-01")


def stored(tenant):
    return reading.of(Tenant.objects.get(pk=tenant.pk))


def text(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def test_saving_the_look(browse, owner, alpha):
    assert browse(owner).post(BRANDING, LOOK).url == BRANDING
    assert (stored(alpha).accent, stored(alpha).mark) == ("#0a7d5a", "letters")


def test_the_look_is_on_every_page_at_once(browse, owner, committed):
    client = browse(owner)
    client.get("/members/")
    with committed():
        client.post(BRANDING, LOOK)
    page = text(client.get("/members/"))
    assert 'href="/branding/0a7d5a.css"' in page
    assert 'class="brand-0a7d5a"' in page


def test_the_stylesheet_needs_no_sign_in_and_keeps(browse):
    answer = browse(None).get("/branding/0a7d5a.css")
    assert answer["Content-Type"].startswith("text/css")
    assert "immutable" in answer["Cache-Control"]
    assert ".brand-0a7d5a" in answer.content.decode()


@pytest.mark.parametrize("path", ["/branding/red.css", "/branding/0A7D5A.css", "/branding/0.css"])
def test_no_stylesheet_for_what_is_no_colour(browse, path):
    assert browse(None).get(path).status_code == 404


def test_a_wrong_colour_is_told_at_the_field(browse, owner, alpha):
    answer = browse(owner).post(BRANDING, {**LOOK, "accent": "red"})
    assert answer.status_code == 422
    assert "Write a colour as #rrggbb." in text(answer)
    assert stored(alpha).accent == ""


def test_the_preview_says_what_is_hard_to_read(browse, owner):
    page = text(browse(owner).get(f"{BRANDING}preview/", {"accent": "#ffd400", "mark": "cube"}))
    assert "In light mode the colour is hard to read" in page
    assert "In dark mode the colour is easy to read" in page


@pytest.mark.parametrize("accent", ["#ff", "'><script>", "\x00", "#zzzzzz"])
def test_the_preview_of_half_a_colour(browse, owner, accent):
    answer = browse(owner).get(f"{BRANDING}preview/", {"accent": accent})
    assert "This is no colour yet" in text(answer)
    assert "<script>" not in text(answer)


def test_without_scripts_the_preview_is_a_button(browse, owner, alpha):
    page = text(browse(owner).post(BRANDING, {**LOOK, "preview": "1"}))
    assert "brand-0a7d5a" in page
    assert 'value="#0a7d5a"' in page
    assert stored(alpha).accent == ""


def test_saving_the_configuration(browse, owner, alpha):
    sent = filled(SPRING, AUTUMN, ("", "", ""), feature_api="")
    sent.pop("feature_api")
    assert browse(owner).post(PAGE, sent).url == PAGE
    found = stored(alpha)
    assert (found.locale, found.time_zone, found.has("api")) == ("en-gb", "Europe/London", False)
    assert [term.name for term in found.terms] == ["Autumn", "Spring"]


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """What is done inside is done with its commit: the cached workspace is forgotten."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def test_the_saved_terms_are_in_the_form(browse, owner, committed):
    client = browse(owner)
    with committed():
        client.post(PAGE, filled(AUTUMN))
    assert 'value="2026-09-01"' in text(client.get(PAGE))


def test_a_removed_term_is_gone(browse, owner, alpha):
    configuration.change(
        tenant=alpha, by=owner, terms=[dict(zip(("name", "starts", "ends"), AUTUMN, strict=True))]
    )
    browse(owner).post(PAGE, filled(AUTUMN, version="1", **{"terms-0-DELETE": "on"}))
    assert stored(alpha).terms == ()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("Autumn", "2026-09-01", "")], "This field is required."),
        ([("Autumn", "soon", "2026-12-18")], "Enter a valid date."),
        ([("Autumn", "2026-12-18", "2026-09-01")], "A term ends after it starts."),
        ([AUTUMN, ("Spring", "2026-12-01", "2027-04-01")], "before Autumn is over."),
    ],
)
def test_a_wrong_term_is_told_and_stays_in_the_form(browse, owner, alpha, rows, words):
    answer = browse(owner).post(PAGE, filled(*rows))
    assert answer.status_code == 422
    assert words in text(answer)
    assert f'value="{rows[-1][0]}"' in text(answer)
    assert not alpha.configuration_versions.exists()


def test_another_row_loses_nothing_and_complains_of_nothing(browse, owner, alpha):
    half = ("Autumn", "2026-09-01", "")
    answer = browse(owner).post(PAGE, filled(half, more="1", time_zone="Europe/Paris"))
    page = text(answer)
    assert answer.status_code == 200
    assert 'name="terms-1-name"' in page
    assert 'value="2026-09-01"' in page
    assert 'value="Europe/Paris" selected' in page
    assert "required." not in page


def test_an_admin_sees_the_switches_and_changes_none(browse, admin, alpha):
    sent = {name: value for name, value in filled().items() if not name.startswith("feature_")}
    assert browse(admin).post(PAGE, sent).status_code == 302
    assert stored(alpha).has("api")
    assert "Only owners switch these." in text(browse(admin).get(PAGE))


def test_two_people_at_once(browse, owner, admin, alpha):
    browse(owner).post(PAGE, filled(time_zone="Europe/Paris"))
    client = browse(admin)
    answer = client.post(PAGE, filled(time_zone="Europe/Berlin", locale="en"))
    assert answer.status_code == 409
    assert "now <strong>Europe/Paris</strong>, yours <strong>Europe/Berlin</strong>" in text(answer)
    assert 'name="over" value="1"' in text(answer)
    client.post(PAGE, filled(time_zone="Europe/Berlin", locale="en", over="1"))
    # Insisting on one's own time zone leaves the other's language alone.
    assert (stored(alpha).time_zone, stored(alpha).locale) == ("Europe/Berlin", "en-gb")


def test_going_back_to_a_version(browse, owner, alpha, committed):
    client = browse(owner)
    with committed():
        client.post(PAGE, filled(AUTUMN))
    page = text(client.get(HISTORY))
    assert "Europe/London" in page
    assert "Autumn, 1 Sep 2026 to 18 Dec 2026" in page
    client.post(f"{HISTORY}0/restore/", {"version": "1"})
    assert stored(alpha).terms == ()
    assert "going back to version 0" in text(client.get(HISTORY))


def test_going_back_is_refused_when_others_were_there(browse, owner, alpha):
    client = browse(owner)
    client.post(PAGE, filled())
    client.post(PAGE, filled(version="1", locale="en-ie"))
    assert client.post(f"{HISTORY}0/restore/", {"version": "1"}).status_code == 412


def test_many_versions_cost_no_more_queries(
    browse, owner, alpha, django_assert_max_num_queries, django_assert_num_queries
):
    client = browse(owner)
    client.get(HISTORY)
    with django_assert_max_num_queries(12) as counted:
        client.get(HISTORY)
    needed = len(counted)
    for zone in ("Europe/Paris", "Europe/Berlin", "Europe/Rome", "UTC"):
        configuration.change(tenant=alpha, by=owner, time_zone=zone)
    with django_assert_num_queries(needed + 1):  # the page's rows beside their number
        client.get(HISTORY)


class TestLocalisation:
    @pytest.fixture(autouse=True)
    def _settings(self, alpha, owner):
        configuration.change(tenant=alpha, by=owner, locale="en-gb", time_zone="Asia/Tokyo")

    def test_times_are_the_workspaces(self, browse, owner, alpha):
        alpha.memberships.update(created_at="2026-03-04T20:30:00Z")
        page = text(browse(owner).get("/members/"))
        assert ">5 Mar 2026, 05:30 JST</time>" in page
        assert 'datetime="2026-03-05T05:30:00+09:00"' in page
        assert '<html lang="en-gb" data-time-zone="Asia/Tokyo">' in page

    def test_the_neighbours_are_their_own(self, browse, beta, owner, outsider):
        browse(owner).get("/members/")
        beta.memberships.update(created_at="2026-03-04T20:30:00Z")
        page = text(browse(outsider, tenant=beta).get("/members/"))
        assert ">March 4, 2026, 8:30 p.m.</time>" in page

    def test_the_public_host_is_nobodys(self, browse, owner):
        browse(owner).get("/members/")
        page = text(browse(owner, tenant=None).get("/workspaces/"))
        assert '<html lang="en">' in page

    def test_programs_get_utc(self, browse, owner, in_alpha):
        from apps.roblox.models import Experience

        Experience.objects.create(
            name="Volcano", slug="volcano", universe_id=1, created_at="2026-03-04T20:30:00Z"
        )
        answer = browse(owner).get("/api/v1/experiences/")
        assert "2026-03-04T20:30:00Z" in text(answer)

    def test_a_stored_zone_that_is_none_is_no_outage(self, browse, owner, alpha):
        Tenant.objects.filter(pk=alpha.pk).update(time_zone="Europe/Atlantis")
        assert browse(owner).get("/members/").status_code == 200


class TestTerms:
    def test_the_present_one_is_on_the_home_page(self, browse, owner, alpha, freezer_term):
        assert f"{freezer_term}, week 1 of 2" in text(browse(owner).get("/"))

    @pytest.fixture
    def freezer_term(self, alpha, owner):
        """A term that has begun today."""
        from datetime import timedelta

        from django.utils import timezone

        today = timezone.localdate()
        days = {"starts": today, "ends": today + timedelta(days=7)}
        configuration.change(
            tenant=alpha, by=owner, terms=[{"name": "Summer", **days}], week_start="monday"
        )
        return "Summer"


def test_a_page_costs_no_query_for_the_configuration(
    browse, alpha, owner, committed, django_assert_num_queries, django_assert_max_num_queries
):
    client = browse(owner)
    client.get("/settings/")
    with django_assert_max_num_queries(8) as counted:
        client.get("/settings/")
    needed = len(counted)
    with committed():
        configuration.change(tenant=alpha, by=owner, locale="en-gb", accent="#0a7d5a")
    assert "brand-0a7d5a" in text(client.get("/settings/"))
    with django_assert_num_queries(needed):
        client.get("/settings/")
