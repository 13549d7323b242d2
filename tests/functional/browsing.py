"""A person at a browser: Debian's Chromium, watched for whatever a page gets wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Playwright,
    Response,
    expect,
)
from playwright.sync_api import (
    TimeoutError as Timeout,
)

from embedded.layout import ROOT

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
SCREENSHOTS = ROOT / "artifacts" / "screenshots"
WIDE = {"width": 1280, "height": 850}
PHONE = {"width": 390, "height": 844}
PATIENCE = 30_000  # milliseconds for what a page shall show
EMAIL = re.compile("E-?mail")
SHIFTS = """
window.__shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.__shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


def launch(playwright: Playwright) -> Browser:
    if not CHROMIUM.exists():
        raise AssertionError(
            f"{CHROMIUM} is missing, and these tests need it: "
            "`apt-get update && apt-get install -y chromium`."
        )
    expect.set_options(timeout=PATIENCE)
    return playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)


class Visitor:
    """One person's browser window. What goes wrong in it is kept in `complaints`."""

    def __init__(self, browser: Browser, **options: Any) -> None:
        self.context: BrowserContext = browser.new_context(viewport=WIDE, **options)
        self.context.set_default_timeout(PATIENCE)
        self.complaints: list[str] = []
        self.statuses: dict[str, int] = {}
        self.accepted: list[str] = []
        self.page: Page = self.context.new_page()
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("response", self._on_response)

    def accept(self, *patterns: str) -> None:
        """Complaints that a test brings about on purpose."""
        self.accepted += patterns

    def watch_shifts(self) -> None:
        """From the next page on `shift()` sums up how far its layout jumped."""
        self.context.add_init_script(SHIFTS)

    def shift(self) -> float:
        return float(self.page.evaluate("window.__shift"))

    def unexpected(self) -> list[str]:
        return [c for c in self.complaints if not any(re.search(p, c) for p in self.accepted)]

    def open(self, url: str, status: int = 200) -> Page:
        """The page, which must answer with that status."""
        if status >= 400:
            self.accept(rf"status of {status} .*{re.escape(url)}$")
        answer = self.page.goto(url)
        assert answer is not None
        assert answer.status == status, f"{url} answered {answer.status}"
        return self.page

    def sign_in(self, url: str, email: str, password: str, status: int = 200) -> Page:
        """`status` is that of the first page behind the door."""
        if status >= 400:
            self.accept(rf"status of {status} ")
        page = self.open(f"{url}/accounts/login/")
        page.get_by_label(EMAIL).fill(email)
        page.get_by_label("Password").fill(password)
        page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
        expect(page).to_have_url(re.compile(rf"^{re.escape(url)}/(workspaces/)?$"))
        return page

    def path(self, name: str) -> Path:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        return SCREENSHOTS / f"{name}.png"

    def capture(self, name: str) -> None:
        """What the window shows, into artifacts/."""
        path = self.path(name)
        try:
            self.page.screenshot(path=path, animations="disabled", timeout=PATIENCE / 2)
        except Timeout:
            # Once in thousands Chromium never delivers the frame it was asked for after its
            # window changed size; asked again it does. A page that hangs does so twice.
            self.page.screenshot(path=path, animations="disabled")

    def shoot(self, name: str, *, reload: bool = False) -> None:
        """Into artifacts/: light and dark, wide and phone. `reload`: for a page that asks for the
        theme only once.
        """
        for theme in ("light", "dark"):
            self.page.emulate_media(color_scheme=theme)
            if reload:
                self.page.reload()
            for size, viewport in (("wide", WIDE), ("phone", PHONE)):
                self.page.set_viewport_size(viewport)
                # A window as high as the page: what is fixed to its edge stays there.
                height = self.page.evaluate("document.documentElement.scrollHeight")
                whole = {**viewport, "height": max(viewport["height"], min(height, 6000))}
                self.page.set_viewport_size(whole)
                self.capture(f"{name}-{theme}-{size}")
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size(WIDE)

    @contextmanager
    def staying(self) -> Iterator[None]:
        """Inside, the document must not be loaded again: what changes comes in live."""
        self.page.evaluate("window.__marker = 'the same document'")
        yield
        assert self.page.evaluate("window.__marker") == "the same document"

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.text} @ {message.location.get('url', '')}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.status} from {response.url}")


def connection(page: Page) -> Locator:
    """The page's word on its live connection."""
    return page.locator(".sidebar [data-live]")


def await_live(page: Page) -> None:
    expect(connection(page)).to_have_attribute("data-state", "live")


def await_state(page: Page, words: str, seconds: float = 60) -> None:
    """Until the badge beside the title says so."""
    badge = page.get_by_role("heading", level=1).get_by_text(words, exact=True)
    expect(badge).to_be_visible(timeout=seconds * 1000)


def confirm(page: Page, opener: str, label: str) -> None:
    """Press what opens a dialog, and agree in it."""
    page.get_by_role("link", name=opener).click()
    page.get_by_role("dialog").get_by_role("button", name=label).click()
