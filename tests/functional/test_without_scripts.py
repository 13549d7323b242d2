"""JavaScript switched off: slower, and complete."""

import re

from playwright.sync_api import expect

from tests.functional import journeys
from tests.functional.browsing import await_state
from tests.functional.product import PUBLISH, place_file, sha256


def test_upload_and_deploy(visit, product, demo, lesson, tmp_path):
    visitor = visit(java_script_enabled=False)
    page = visitor.sign_in(demo, "owner@lincoln.example", product.secrets["DEMO_PASSWORD"])
    file = place_file(tmp_path, "1.0.0")
    journeys.upload(page, lesson.url, "1.0.0", file)
    await_state(page, "Ready")
    visitor.shoot("release-without-scripts")

    page.get_by_role("link", name="Deploy to staging").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Deploy to staging")
    with product.sandbox.fault(PUBLISH, kind="hang", seconds=6):
        page.get_by_role("button", name="Deploy to staging").click()
        expect(journeys.step(page, "Publish to Roblox")).to_have_class(re.compile("running"))
        assert page.locator("meta[http-equiv=refresh]").count()
        journeys.await_success(page)
    assert page.locator("meta[http-equiv=refresh]").count() == 0

    page.get_by_role("link", name="Go on to production").click()
    page.get_by_role("link", name="Promote to production").click()
    page.get_by_role("button", name="Promote").click()
    journeys.await_success(page)
    assert lesson.hashes("production") == [sha256(file)]
