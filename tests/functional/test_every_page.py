"""Each page: sound structure, nothing wider than a phone, nothing that jumps or complains."""

import pytest
from playwright.sync_api import expect

from tests.functional import audits
from tests.functional.browsing import PHONE, WIDE, Visitor

VOLCANO = "/experiences/volcano-lab/"
WORKSPACE = {
    "/": "home-owner",
    "/guide/": "",
    "/experiences/": "experiences",
    "/experiences/new/": "experience-new",
    VOLCANO: "experience-demo",
    f"{VOLCANO}environments/staging/": "environment",
    f"{VOLCANO}environments/staging/deploy/": "deploy",
    f"{VOLCANO}environments/production/rollback/": "",
    f"{VOLCANO}releases/new/": "release-new",
    f"{VOLCANO}releases/1.1.0/": "release-demo",
    f"{VOLCANO}releases/1.1.0/withdraw/": "",
    "/releases/": "releases",
    "/deployments/": "deployments",
    "/members/": "members",
    "/classes/": "classes",
    "/children/": "",
    "/settings/provisioning/": "provisioning",
    "/members/invite/many/": "",
    "/members/links/new/": "",
    "/api-keys/": "api-keys",
    "/api-keys/new/": "api-key-new",
    "/jobs/": "jobs",
    "/audit/": "audit",
    "/settings/": "settings",
    "/settings/usage/": "usage",
    "/settings/usage/api/": "api-usage",
    "/settings/roles/": "roles",
    "/settings/roles/compare/": "roles-compared",
    "/settings/roles/new/": "role-new",
    "/settings/security/": "security",
    "/settings/ownership/": "",
    "/settings/exports/": "",
    "/settings/mail/": "mail-log",
    "/settings/mail/senders/": "sender-domains",
    "/settings/mail/suppressed/": "suppressed-addresses",
    "/settings/realtime/": "realtime-apps",
    "/settings/realtime/new/": "realtime-app-new",
    "/settings/billing/": "billing",
    "/settings/billing/plan/": "billing-plan",
    "/settings/billing/plan/?plan=district&interval=year&seats=12": "billing-preview",
    "/settings/billing/plan/?plan=school&interval=month&promotion_code=NOPE": "",
    "/settings/billing/invoices/": "",
    "/settings/billing/payments/": "",
    "/settings/billing/payment-problems/": "",
    "/settings/billing/beyond/": "billing-beyond",
    "/settings/billing/details/": "billing-details",
    "/settings/billing/checkout/left/": "",
    "/settings/webhooks/": "webhooks",
    "/settings/webhooks/new/": "webhook-new",
    "/help/": "help",
    "/settings/domains/": "domains",
    "/settings/closing/": "closing",
    "/settings/branding/": "branding",
    "/settings/configuration/": "configuration",
    "/settings/configuration/history/": "",
    "/welcome/": "",
    "/welcome/branding/": "welcome-branding",
    "/welcome/invite/": "welcome-invite",
    "/accounts/email/": "",
    "/accounts/password/change/": "",
    "/accounts/connected/": "",
    "/accounts/sessions/": "sessions",
    "/accounts/mail/": "mail-choice",
    "/accounts/2fa/": "two-step",
    "/settings/sign-in/": "sign-in-settings",
    "/accounts/logout/": "",
}
PUBLIC = {
    "/": "",
    "/pricing/": "pricing",
    "/accounts/login/": "sign-in",
    "/accounts/signup/": "",
    "/accounts/password/reset/": "",
    "/accounts/login/code/": "",
    "/outbox/": "",
    "/help/": "help-outside",
    "/docs/api/start/": "api-quick-start",
    "/docs/problems/": "problems",
    "/docs/webhooks/": "webhook-events",
}


def look_over(visitor, url, shot, status=200):
    """All of it, on one page."""
    visitor.watch_shifts()
    page = visitor.open(url, status)
    page.wait_for_load_state("networkidle")
    assert audits.faults(page) == []
    assert visitor.shift() < 0.1
    order = audits.focus_order(page)
    assert "Skip to" in order[0]
    page.set_viewport_size(PHONE)
    assert audits.overflow(page) == 0
    assert audits.faults(page) == []
    page.set_viewport_size(WIDE)
    if shot:
        visitor.shoot(shot)


@pytest.mark.parametrize("path", WORKSPACE)
def test_in_a_workspace(owner, demo, path):
    look_over(owner, demo + path, WORKSPACE[path])


@pytest.mark.parametrize("path", PUBLIC)
def test_outside(visitor, product, path):
    look_over(visitor, product.public + path, PUBLIC[path])


def test_where_pupils_come_in(visitor, demo):
    page = visitor.open(f"{demo}/join/")
    expect(page.locator(":focus")).to_have_attribute("name", "code")  # A child types at once.
    assert audits.faults(page) == []
    page.set_viewport_size(PHONE)
    assert audits.overflow(page) == 0
    visitor.shoot("join")


@pytest.mark.parametrize("kind", ["deployments", "jobs"])
def test_the_newest_of(owner, demo, kind):
    page = owner.open(f"{demo}/{kind}/")
    link = page.locator("main tbody a").first.get_attribute("href")
    look_over(owner, demo + link, f"{kind.removesuffix('s')}-demo")


def test_the_sandbox(visitor, product):
    look_over(visitor, product.sandbox.url, "sandbox")


def test_where_nothing_is(owner, demo):
    look_over(owner, f"{demo}/experiences/no-such-thing/", "not-found", status=404)


def test_a_workspace_that_is_none(visitor, product):
    look_over(visitor, f"{product.workspace('nobody')}/", "no-workspace", status=404)


@pytest.fixture
def student(visit, signed_in):
    return visit(storage_state=signed_in("student"))


def test_a_student_sees_no_releases(student, demo):
    look_over(student, f"{demo}/", "home-student")
    look_over(student, f"{demo}/releases/", "forbidden", status=403)


def test_somebody_from_elsewhere(product, visit, outsider):
    visitor = visit()
    page = visitor.sign_in(product.workspace("lincoln"), *outsider, status=403)
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "You are not a member of Lincoln Middle School"
    )
    for path in ("/", VOLCANO, "/audit/", "/api-keys/"):
        look_over(visitor, product.workspace("lincoln") + path, "", status=403)
    visitor.shoot("not-a-member")


@pytest.fixture
def outsider(product):
    """E-mail and password of somebody with an account and no part in the demo."""
    email, password = "lena@elsewhere.example", "nobody-in-lincoln-91"
    product.manage(
        "shell",
        "-c",
        "from apps.accounts.models import User\n"
        "from apps.accounts.services import emails\n"
        f"found = User.objects.filter(email={email!r}).first()\n"
        f"user = found or User.objects.create_user({email!r}, {password!r}, name='Lena')\n"
        "emails.mark_verified(user=user)",
    )
    return email, password


def test_the_dialogs(owner, demo):
    page = owner.open(f"{demo}/members/")
    page.get_by_role("button", name="Invite").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("E-mail")).to_be_focused()
    owner.shoot("invite")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Invite")).to_be_focused()


def test_the_api_documentation(visit, signed_in, demo):
    visitor: Visitor = visit(storage_state=signed_in("owner"))
    page = visitor.open(f"{demo}/api/v1/docs/")
    expect(page.get_by_text("/api/v1/tokens/refresh/")).to_be_visible()
    page.get_by_placeholder("Filter by tag").fill("deployments")
    expect(page.get_by_text("/api/v1/deployments/promote/")).to_be_visible()
    visitor.shoot("api-docs")


def test_the_api_reference_needs_nothing_from_elsewhere(visitor, product):
    asked = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    page = visitor.open(f"{product.public}/docs/api/")
    expect(page.get_by_role("heading", name="ToolBoxAI API")).to_be_visible()
    expect(page.get_by_text("API docs by Redocly")).to_be_visible()
    page.wait_for_load_state("networkidle")
    own = (product.public, "data:", f"blob:{product.public}")
    assert [url for url in asked if not url.startswith(own)] == []
    visitor.shoot("api-reference")


def test_the_theme_is_chosen(owner, demo):
    page = owner.open(f"{demo}/")
    for words, theme in (("Dark", "dark"), ("Light", "light")):
        page.locator(".sidebar").get_by_role("button", name=words).click()
        page.reload()
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
