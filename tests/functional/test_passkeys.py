"""A passkey in Chromium, with a virtual authenticator: made, used to sign in, used to confirm."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}

REFUSE = """
() => {
  navigator.credentials.create = () => Promise.reject(new DOMException("", "NotAllowedError"));
}
"""


@pytest.fixture
def device(visit, product):
    """A new person at a window whose device can make passkeys, signed in on the public site."""
    visitor = visit()
    page = visitor.open(f"{product.public}/accounts/login/")
    session = visitor.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    page.get_by_label("E-mail").fill("student@lincoln.example")
    page.get_by_label("Password").fill(product.secrets["DEMO_PASSWORD"])
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(re.compile("/workspaces/"))
    return visitor, page, session


def test_made_used_and_removed(device, product):
    visitor, page, session = device
    page.goto(f"{product.public}/accounts/2fa/webauthn/add/")
    page.get_by_label("Name").fill("My laptop")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    codes = page.locator("#recovery-codes").inner_text().split()
    assert len(codes) == 10
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download").click()
    assert saved.value.path().read_text().split() == codes
    visitor.shoot("recovery-codes")

    visitor.context.clear_cookies()
    page.goto(f"{product.public}/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(re.compile("/workspaces/"))

    page.goto(f"{product.public}/accounts/2fa/")
    visitor.shoot("two-step-sign-in")
    page.get_by_role("link", name="Remove My laptop").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("No passkey yet")).to_be_visible()
    session.detach()


def test_a_finger_that_is_not_given_is_explained(device, product):
    _, page, session = device
    page.goto(f"{product.public}/accounts/2fa/webauthn/add/")
    page.evaluate(REFUSE)
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("alert")).to_have_text(re.compile("cancelled or took too long"))
    session.detach()
