"""From the page of prices to a paid subscription, by the keyboard alone."""

import re

from playwright.sync_api import expect

from tests.functional.test_keyboard import tab_to


def type_in(page, words, text):
    tab_to(page, words)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)


def press(page, words):
    tab_to(page, words, most=90)
    page.keyboard.press("Enter")


def at_stripe(page, name, text):
    """Stripe's page shows the focus in its own way: Tab until the field has it."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name || document.activeElement.innerText") == name:
            page.keyboard.type(text)
            return
    raise AssertionError(f"Tab never came to {name!r}")


def test_from_prices_to_paid(visitor, product, demo):
    visitor.accept("favicon.ico")  # Stripe's page in the sandbox has none
    page = visitor.open(f"{product.public}/pricing/")
    press(page, r"^Try School$")
    expect(page).to_have_url(re.compile("/signup/"))
    tab_to(page, r"^Sign in$")  # the head's, which knows nothing of the plan
    press(page, r"^Sign in$")
    expect(page).to_have_url(re.compile("/login/"))
    type_in(page, "login", "owner@lincoln.example")
    type_in(page, "password", product.secrets["DEMO_PASSWORD"])
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a plan")
    assert page.url.startswith(f"{demo}/settings/billing/plan/")
    type_in(page, "seats", "3")
    press(page, "Show what it costs")
    shown = page.locator("#preview")
    expect(shown).to_contain_text("€195.16")  # 149.00, three times 5.00, and 19 % VAT
    press(page, r"^Pay €[\d,.]+ at Stripe$")

    expect(page).to_have_url(re.compile("/c/pay/"))
    at_stripe(page, "number", "4242424242424242")
    at_stripe(page, "expiry", "12 / 34")
    at_stripe(page, "cvc", "123")
    at_stripe(page, "name", "Olivia Park")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
    expect(page.get_by_role("main")).to_contain_text("School is yours")
    press(page, "To billing")
    expect(page.get_by_role("main")).to_contain_text("With Visa 4242")
