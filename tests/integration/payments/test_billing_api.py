from __future__ import annotations

import pytest

HERE = "/api/v1/billing/"
CHOICE = {"plan": "starter", "interval": "month", "seats": 1}


@pytest.fixture
def api(shop, browse, owner):
    browser = browse(owner)

    def ask(path, method="post", **given):
        answer = getattr(browser, method)(
            HERE + path, given, content_type="application/json",
            headers={"Sec-Fetch-Site": "same-origin"},
        )  # fmt: skip
        return answer.status_code, answer.json() if answer.content else None

    return ask


def test_from_a_trial_to_an_end_that_is_taken_back(api, shop, browse, owner):
    status, seen = api("preview/", **CHOICE)
    assert (status, seen["total_now"], seen["later"]["tax"]) == (200, 4_165, 665)
    status, made = api("trial/", **CHOICE)
    assert (status, made["status"], made["seats"]) == (201, "trialing", 1)
    assert api("trial/", **CHOICE)[1]["code"] == "already_subscribed"
    status, seen = api("preview/", plan="school", interval="year", seats=0)
    assert (status, seen["now"], seen["starts_at"]) == (200, None, None)
    wish = {"proration_date": seen["proration_date"], "total_now": seen["total_now"]}
    status, changed = api("change/", plan="school", interval="year", seats=0, **wish)
    assert (status, changed["subscription"]["plan"], changed["at_end"]) == (200, "school", False)
    assert api("pause/", months=1)[1]["code"] == "cannot_pause"
    assert api("cancel/", feedback="unused")[1]["cancel_at_period_end"] is True
    assert api("keep/")[1]["cancel_at_period_end"] is False
    status, page = api("checkout/setup/")
    assert (status, api("checkout/conclude/", session=page["id"])[1]["is_complete"]) == (201, False)
    status, shown = browse(owner).get(HERE).status_code, browse(owner).get(HERE).json()
    assert (status, shown["plan"], shown["trial_days_left"]) == (200, "school", 30)


def test_details_are_checked_and_kept(api):
    status, problem = api("details/", "patch", country="AT", vat_id="AT1")
    assert (status, problem["code"]) == (422, "vat_number_refused")
    status, kept = api("details/", "patch", country="AT", vat_id="atu 12345678", city="Wien")
    assert (status, kept["vat_id"], kept["city"]) == (200, "ATU12345678", "Wien")
    assert api("details/", "get")[1]["vat_state"] == "verified"
    order = {"plan": "starter", "interval": "year", "total_now": 29_000}
    assert api("order/", **order)[1]["code"] == "billing_details_missing"


def test_nothing_waits_and_nothing_is_for_others(api, shop, browse, outsider, admin):
    assert api("unconfirmed/retry/")[1]["code"] == "nothing_to_change"
    assert api("resume/")[1]["code"] == "not_subscribed"
    for person in (outsider, admin):
        assert browse(person).get(HERE).status_code == 403
