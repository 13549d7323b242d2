"""The demo's tour, followed only by its own buttons."""

from playwright.sync_api import expect

from tests.functional import journeys


def next_step(page, label):
    tour = page.get_by_role("region", name="Guided tour").or_(page.get_by_role("main"))
    tour.get_by_role("link", name=label, exact=True).first.click()


def test_the_tour_leads_to_production_and_back(owner, product, demo):
    page = owner.open(f"{demo}/guide/")
    owner.shoot("guide")
    next_step(page, "Promote")
    page.get_by_role("link", name="Promote 1.1.0").click()
    page.get_by_role("dialog").get_by_role("button", name="Promote 1.1.0").click()
    journeys.await_success(page)

    page = owner.open(f"{demo}/")
    expect(page.get_by_role("region", name="Guided tour")).to_contain_text("Step 6 of 6")
    owner.shoot("home")
    next_step(page, "Roll back")
    journeys.environment(page, "production").get_by_role("link", name="Roll back…").click()
    page.get_by_role("button", name="Roll back").click()
    journeys.await_success(page)

    owner.open(f"{demo}/")
    expect(page.get_by_role("region", name="Guided tour")).to_have_count(0)
    page = owner.open(f"{demo}/guide/")
    expect(page.get_by_label("Done")).to_have_count(6)
    environment = journeys.environment(owner.open(f"{demo}/experiences/volcano-lab/"), "production")
    expect(environment.locator(".env-version")).to_have_text("1.0.0")
