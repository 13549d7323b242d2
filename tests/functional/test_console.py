"""The operator console: behind a one-time code, and everything in it opens."""

import re

import pytest
from playwright.sync_api import expect

OPERATOR = "operator@toolboxai.example"


def sign_in(visitor, product, code=""):
    page = visitor.page
    page.goto(f"{product.public}/operator/")
    page.locator("[name=username]").fill(OPERATOR)
    page.locator("[name=password]").fill(product.secrets["OPERATOR_PASSWORD"])
    page.locator("[name=otp_token]").fill(code)
    page.get_by_role("button", name="Sign in").click()
    return page


@pytest.fixture(scope="module")
def console(product, browser):
    """The browser state of the operator, signed in with a code, which is good once."""
    from tests.functional.browsing import Visitor

    window = Visitor(browser)
    page = sign_in(window, product, product.manage("operator_code").split()[-1])
    expect(page).to_have_url(f"{product.public}/operator/")
    state = window.context.storage_state()
    window.context.close()
    return state


def test_a_password_alone_is_refused(visitor, product):
    page = sign_in(visitor, product)
    expect(page.get_by_text("Enter the code your authenticator app shows.")).to_be_visible()
    visitor.shoot("console-sign-in")
    page = sign_in(visitor, product, "000000")
    expect(page.get_by_text("This code is not valid")).to_be_visible()
    page.goto(f"{product.public}/operator/tenants/tenant/")
    expect(page.locator("[name=otp_token]")).to_be_visible()


def enter_workspace(visitor, product):
    """Chosen for this session: what the workspace holds can be listed now."""
    page = visitor.open(f"{product.public}/operator/tenants/tenant/")
    page.locator("tr", has_text="Lincoln").get_by_text("Work here").click()


def test_every_list_opens(visit, product, console):
    visitor = visit(storage_state=console)
    page = visitor.open(f"{product.public}/operator/")
    visitor.shoot("console", reload=True)
    enter_workspace(visitor, product)
    lists = page.locator("a[href^='/operator/'][href$='/']").evaluate_all(
        "links => [...new Set(links.map((link) => link.getAttribute('href')))]"
    )
    models = [path for path in lists if re.fullmatch(r"/operator/\w+/\w+/", path)]
    names = {path.split("/")[3] for path in models}
    assert {"tenant", "user", "release", "deployment", "jobrun"} <= names, names
    for path in models:
        visitor.open(product.public + path)
        expect(page.get_by_role("heading").first).to_be_visible()
        visitor.shoot(f"console-{path.split('/')[3]}", reload=True)


def test_one_of_each_opens(visit, product, console):
    visitor = visit(storage_state=console)
    for model in ("tenants/tenant", "accounts/user", "jobs/jobrun"):
        page = visitor.open(f"{product.public}/operator/{model}/")
        link = page.locator("#result_list tbody a").first
        visitor.open(product.public + link.get_attribute("href"))
        expect(page.locator("#content form")).not_to_have_count(0)
    visitor.shoot("console-job", reload=True)


def test_the_gallery(visit, product, console):
    visitor = visit(storage_state=console)
    page = visitor.open(f"{product.public}/operator/design/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    visitor.shoot("gallery")


def test_queues_and_workers_are_drawn_again_by_themselves(visit, product, console):
    visitor = visit(storage_state=console)
    page = visitor.open(f"{product.public}/operator/jobs/jobrun/dashboard/")
    page.locator("#open-queue-default").click()
    drawn = page.locator("#jobs-board > p")
    expect(drawn).not_to_have_text(drawn.inner_text(), timeout=60_000)
    expect(page.locator("#table-queue-default")).to_have_attribute("open", "")
    page.get_by_role("link", name="Month").click()
    expect(page.get_by_role("img", name="Ended, queue default")).to_be_visible()
    visitor.shoot("console-queues", reload=True)
