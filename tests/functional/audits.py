"""What is wrong with a page for people who do not see it, or see it on a phone."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

AUDIT = Path(__file__).with_name("audit.js").read_text()

OVERFLOW = "Math.max(0, document.documentElement.scrollWidth - window.innerWidth)"

FOCUSED = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const box = element.getBoundingClientRect();
  return { words: element.outerHTML.slice(0, 120), seen: box.width > 0 && box.height > 0 };
}"""


def faults(page: Page) -> list[str]:
    """One sentence for each thing that is wrong with the page's structure."""
    return list(page.evaluate(AUDIT))


def overflow(page: Page) -> int:
    """How many pixels the page is wider than its window."""
    return int(page.evaluate(OVERFLOW))


def focus_order(page: Page, most: int = 15) -> list[str]:
    """What Tab comes to first, as HTML; each of them has a place on the screen."""
    order: list[str] = []
    for _ in range(most):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop is None:
            break
        assert stop["seen"], f"the focus went to something unseen: {stop['words']}"
        order.append(stop["words"])
    return order
