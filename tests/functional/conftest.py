"""One running product and one browser for the whole session; a fresh window for each person."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.functional import browsing, journeys
from tests.functional.browsing import Visitor
from tests.functional.journeys import Api, Lesson
from tests.functional.product import Product, begin

DEMO = "lincoln"
PROOF_LASTS = 300  # seconds, half of settings.STEP_UP_SECONDS
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    made = begin()
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = browsing.launch(playwright)
        yield launched
        launched.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Opens windows; after the test none may have complained."""
    opened: list[Visitor] = []

    def open_window(**options: Any) -> Visitor:
        opened.append(Visitor(browser, **options))
        return opened[-1]

    yield open_window
    complaints = [found for visitor in opened for found in visitor.unexpected()]
    for visitor in opened:
        visitor.context.close()
    assert complaints == []


@pytest.fixture
def visitor(visit: Callable[..., Visitor]) -> Visitor:
    """A stranger."""
    return visit()


@pytest.fixture(scope="session")
def demo(product: Product) -> str:
    """The demo workspace's address."""
    return product.workspace(DEMO)


@pytest.fixture(scope="session")
def signed_in(product: Product, browser: Browser, demo: str) -> Callable[[str], Any]:
    """The browser state of a person of the demo, who signs in anew every few minutes: some pages
    ask who it is where that was proven ten minutes ago.
    """
    known: dict[str, Any] = {}
    since: dict[str, float] = {}

    def state(name: str) -> Any:
        if time.monotonic() - since.get(name, -PROOF_LASTS) >= PROOF_LASTS:
            since[name] = time.monotonic()
            window = Visitor(browser)
            window.sign_in(demo, f"{name}@lincoln.example", product.secrets["DEMO_PASSWORD"])
            known[name] = window.context.storage_state()
            window.context.close()
        return known[name]

    return state


@pytest.fixture
def owner(visit: Callable[..., Visitor], signed_in: Callable[[str], Any]) -> Visitor:
    """The demo's owner, signed in there."""
    return visit(storage_state=signed_in("owner"))


@pytest.fixture
def page(owner: Visitor) -> Page:
    return owner.page


@pytest.fixture(scope="session")
def api(product: Product, browser: Browser, demo: str, signed_in: Callable[[str], Any]) -> Api:
    """A script of the owner's, with every scope."""
    window = Visitor(browser, storage_state=signed_in("owner"))
    key = journeys.make_key(window.page, demo, "Functional tests")
    window.context.close()
    return Api(product, DEMO, key)


@pytest.fixture
def lesson(product: Product, api: Api, request: pytest.FixtureRequest) -> Lesson:
    """A connected experience of the test's own, in the demo workspace."""
    name = request.node.name.removeprefix("test_").partition("[")[0].replace("_", " ")
    return journeys.arrange(product, api, name.capitalize()[:50])
