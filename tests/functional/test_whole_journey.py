"""From the landing page to a rollback, as somebody does it who has never been here."""

import re

from playwright.sync_api import expect

from tests.functional import browsing, journeys
from tests.functional.browsing import await_live, await_state
from tests.functional.product import PUBLISH, place_file, sha256
from tests.processes.embedded.waiting import wait_until

EMAIL = "mara@riverside.example"
PASSWORD = "volcano-riverside-47"


def sign_up(visitor, product):
    page = visitor.open(f"{product.public}/")
    visitor.shoot("landing")
    expect(page.get_by_role("link", name="Try the demo")).to_have_attribute(
        "href", re.compile("//lincoln")
    )
    page.get_by_role("link", name="Make a workspace").click()
    visitor.shoot("sign-up")
    page.get_by_label("Your name").fill("Mara Lindqvist")
    page.get_by_label(browsing.EMAIL).fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mail")


def confirm_mail(visitor, product):
    page = visitor.page
    page.get_by_role("link", name="Open the outbox of this machine").click()
    letter = page.get_by_role("row", name=EMAIL)
    wait_until(lambda: page.reload() and letter.count())
    visitor.shoot("outbox")
    letter.get_by_role("link").first.click()
    visitor.shoot("mail")
    page.locator(".mail-text a[href*='confirm-email']").click()
    page.get_by_role("button", name="Yes, confirm it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Name your workspace")


def name_workspace(visitor, product):
    page, make = visitor.page, visitor.page.get_by_role("button", name="Make the workspace")
    place = make.bounding_box()
    page.get_by_label("Workspace name").press_sequentially("Riverside School")
    expect(page.get_by_label("Address")).to_have_value("riverside-school")
    expect(page.get_by_text("is free.")).to_be_visible()
    assert make.bounding_box() == place  # or who clicks just then misses it
    visitor.shoot("name-workspace")
    make.click()
    url = product.workspace("riverside-school")
    expect(page).to_have_url(f"{url}/welcome/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to Riverside School")
    visitor.shoot("welcome")
    page.get_by_role("link", name="To the home page").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Riverside School")
    visitor.shoot("home-empty")
    return url


def release(visitor, experience, version, file):
    page = visitor.page
    journeys.upload(page, experience, version, file, f"What is new in {version}.")
    with visitor.staying():
        await_state(page, "Ready")


def connected_experience(visitor, product, url):
    page, name = visitor.page, "Riverside Rapids"
    universe = journeys.make_universe(page, product.sandbox.url, name)
    visitor.shoot("sandbox-new-experience")
    experience = journeys.add_experience(page, url, name, universe)
    for environment in ("staging", "production"):
        journeys.connect(page, experience, environment, universe)
    return universe, experience


def test_from_sign_up_to_rollback(visit, product, tmp_path):
    visitor, page = (one := visit()), one.page
    sign_up(visitor, product)
    confirm_mail(visitor, product)
    url = name_workspace(visitor, product)

    universe, experience = connected_experience(visitor, product, url)
    first = place_file(tmp_path, "1.0.0")
    release(visitor, experience, "1.0.0", first)
    visitor.shoot("release")
    with product.sandbox.fault(PUBLISH, kind="hang", seconds=3):
        journeys.stage(page)
        await_live(page)
        with visitor.staying():
            expect(journeys.step(page, "Check the file")).to_have_class(re.compile("succeeded"))
            expect(journeys.step(page, "Publish to Roblox")).to_have_class(re.compile("running"))
            journeys.await_success(page)
    expect(page.get_by_text("1.0.0 is live on staging", exact=True)).to_be_visible()
    visitor.shoot("deployment")

    page.get_by_role("link", name="Go on to production").click()
    journeys.promote(page)
    with visitor.staying():
        journeys.await_success(page)
    second = place_file(tmp_path, "1.1.0")
    release(visitor, experience, "1.1.0", second)
    journeys.stage(page)
    journeys.await_success(page)
    page.get_by_role("link", name="Go on to production").click()
    journeys.promote(page)
    journeys.await_success(page)

    page.goto(experience)
    visitor.shoot("experience")
    journeys.environment(page, "production").get_by_role("link", name="Roll back…").click()
    page.get_by_label("1.0.0").check()
    visitor.shoot("roll-back")
    page.get_by_role("button", name="Roll back").click()
    with visitor.staying():
        journeys.await_success(page)

    place = universe.production_place_id
    assert product.sandbox.hashes(place) == [sha256(first), sha256(second), sha256(first)]
    page.goto(product.sandbox.url)
    held = page.locator(f"#place-{place}")
    expect(held.locator(".live-version")).to_contain_text("v3")
    expect(held.get_by_role("row").nth(1)).to_contain_text(sha256(first)[:12])
    visitor.shoot("sandbox-rolled-back")
