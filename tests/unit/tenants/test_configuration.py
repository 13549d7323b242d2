"""The typed declaration: rules, sentences, and what is read of other releases' values."""

from __future__ import annotations

from datetime import date

import pytest

from apps.core.errors import Invalid
from apps.tenants import configuration
from apps.tenants.configuration import Configuration, parse, read, term_at
from apps.tenants.models import Tenant

AUTUMN = {"name": "Autumn", "starts": "2026-09-01", "ends": "2026-12-18"}
SPRING = {"name": "Spring", "starts": "2027-01-11", "ends": "2027-04-01"}


def errors(**values):
    with pytest.raises(Invalid) as refused:
        parse(values)
    return refused.value.errors


def test_terms_are_put_in_order():
    assert [term.name for term in parse({"terms": [SPRING, AUTUMN]}).terms] == ["Autumn", "Spring"]


@pytest.mark.parametrize(
    ("values", "place", "words"),
    [
        ({"locale": "tlh"}, "locale", "Choose one of: en, en-au"),
        ({"time_zone": "Mars/Olympus"}, "time_zone", "from the list"),
        ({"week_start": "wednesday"}, "week_start", "Choose one of"),
        ({"accent": "red"}, "accent", "#rrggbb"),
        ({"accent": "#12345g"}, "accent", "#rrggbb"),
        ({"mark": "skull"}, "mark", "Choose one of"),
        ({"features": {"telepathy": True}}, "features", "no feature telepathy"),
        ({"features": {"api": "perhaps"}}, "features.api", "true or false"),
        ({"limits": {"wishes": 3}}, "limits", "no limit on wishes"),
        ({"colour": "red"}, "colour", "no such setting"),
        ({"terms": [{**AUTUMN, "ends": "2026-09-01"}]}, "terms.0", "ends after it starts"),
        ({"terms": [{**AUTUMN, "ends": "someday"}]}, "terms.0.ends", "YYYY-MM-DD"),
        ({"terms": [{**AUTUMN, "name": " "}]}, "terms.0.name", "needed"),
        ({"terms": [AUTUMN, {**SPRING, "starts": "2026-12-18"}]}, "terms", "Spring starts on"),
        ({"terms": [AUTUMN] * 25}, "terms", "24 at most"),
    ],
)
def test_what_breaks_a_rule_is_told_at_its_place(values, place, words):
    assert words in errors(**values)[place][0]


def test_every_wrong_setting_is_told_at_once():
    assert set(errors(locale="tlh", accent="red")) == {"locale", "accent"}


def test_a_limit_is_a_whole_number():
    configuration.declare_limits({"members": "members"})
    assert "0 or more" in errors(limits={"members": -1})["limits.members"][0]
    assert "whole number" in errors(limits={"members": "many"})["limits.members"][0]


def test_what_this_release_does_not_know_is_not_read():
    found = read({"locale": "en-gb", "hologram": 3, "features": {"warp": True, "api": False}})
    assert (found.locale, found.has("api")) == ("en-gb", False)


def test_a_value_that_makes_no_sense_any_more_counts_as_not_set():
    assert read({"time_zone": "Europe/Atlantis", "locale": "en-gb"}) == Configuration(
        locale="en-gb"
    )


def test_reading_follows_the_row():
    tenant = Tenant(locale="en", configuration={})
    assert configuration.of(tenant) is configuration.of(tenant)
    tenant.locale = "en-ie"
    assert configuration.of(tenant).locale == "en-ie"


@pytest.mark.parametrize(
    ("day", "week"),
    [
        (date(2026, 9, 1), (1, 16)),  # a Tuesday
        (date(2026, 9, 6), (1, 16)),
        (date(2026, 9, 7), (2, 16)),
        (date(2026, 12, 18), (16, 16)),
    ],
)
def test_weeks_of_a_term(day, week):
    found = term_at(parse({"terms": [AUTUMN]}), day)
    assert found
    assert found[1:] == week


def test_weeks_begin_as_the_workspace_says():
    found = term_at(parse({"terms": [AUTUMN], "week_start": "sunday"}), date(2026, 9, 6))
    assert found
    assert found[1] == 2


def test_between_terms_there_is_none():
    assert term_at(parse({"terms": [AUTUMN, SPRING]}), date(2026, 12, 25)) is None
