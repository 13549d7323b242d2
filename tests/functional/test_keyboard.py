"""Without a mouse: every step has a visible focus, and a dialog gives it back."""

import re

from playwright.sync_api import expect

from tests.functional import journeys

FOCUSED = """() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  return { text: (element.innerText || element.getAttribute("aria-label") || element.name || ""),
           visible: ring || style.boxShadow !== "none" };
}"""


def tab_to(page, words, most=60):
    """Press Tab until what has the focus reads like this; each stop must be seen."""
    for _ in range(most):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        assert focused["visible"], f"the focus on {focused['text']!r} is not seen"
        if re.search(words, focused["text"]):
            return
    raise AssertionError(f"Tab never came to {words!r}")


def test_sign_in_and_promote(visitor, product, demo, lesson, tmp_path):
    lesson.upload(tmp_path, "1.0.0")
    lesson.stage("1.0.0")
    page = visitor.open(lesson.url)
    tab_to(page, "login")
    page.keyboard.type("owner@lincoln.example")
    tab_to(page, "password")
    page.keyboard.type(product.secrets["DEMO_PASSWORD"])
    page.keyboard.press("Enter")
    expect(page).to_have_url(lesson.url)

    tab_to(page, r"^1\.0\.0$")
    page.keyboard.press("Enter")
    expect(page).to_have_url(lesson.release_url("1.0.0"))
    tab_to(page, "Promote to production")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("link", name="Promote to production")).to_be_focused()

    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    tab_to(page, "Promote 1.0.0")
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/deployments/"))
    journeys.await_success(page)


def test_the_first_stop_skips_to_the_content(owner, demo):
    page = owner.open(f"{demo}/releases/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
