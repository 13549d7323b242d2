"""Bad days with real processes: nothing is published twice, nothing is lost, the page says so."""

import re
import signal

import pytest
from playwright.sync_api import expect

from tests.functional import journeys
from tests.functional.browsing import await_live, connection
from tests.functional.product import LIVE_WITHIN, PUBLISH, sha256
from tests.processes.embedded.waiting import wait_until

LOST_CONNECTION = (
    "WebSocket connection to", "ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET",
    "ERR_EMPTY_RESPONSE",
)  # fmt: skip


@pytest.fixture
def staged(owner, lesson, tmp_path):
    """The file of a release that is ready, on whose page the owner is."""
    file = lesson.upload(tmp_path, "1.0.0")
    owner.open(lesson.release_url("1.0.0"))
    return file


def publishing(page):
    """Until the upload is on its way."""
    expect(journeys.step(page, "Publish to Roblox")).to_have_class(re.compile("running"))


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "rate_limit", "retry_after": 1},
        {"kind": "drop"},
    ],
    ids=["500", "429", "answer-lost"],
)
def test_one_bad_answer(owner, product, lesson, staged, fault):
    page = owner.page
    with product.sandbox.fault(PUBLISH, **fault) as met:
        journeys.stage(page)
        with owner.staying():
            journeys.await_success(page, LIVE_WITHIN)
        assert met()
    assert lesson.hashes("staging") == [sha256(staged)]


def test_the_sandbox_is_down(owner, product, lesson, staged):
    page = owner.page
    journeys.stage(page)
    journeys.await_success(page)
    page.goto(lesson.release_url("1.0.0"))
    paused = page.get_by_text("Roblox does not answer")
    first = down = product.kill("sandbox")
    journeys.promote(page)

    def keep_down():
        """Killed again each time the supervisor has brought it back."""
        nonlocal down
        if product.pid("sandbox") not in {None, down}:
            down = product.kill("sandbox")
        return paused.is_visible()

    wait_until(keep_down, LIVE_WITHIN)
    owner.shoot("deployment-breaker-open")
    product.await_another("sandbox", than=first)
    with owner.staying():
        journeys.await_success(page, LIVE_WITHIN)
    expect(paused).to_be_hidden()
    page.get_by_role("link", name="Attempts and messages").click()
    attempts = page.locator("dt", has_text="Attempts").locator("+ dd")
    assert int(attempts.inner_text().split()[0]) > 1
    assert lesson.hashes("production") == [sha256(staged)]


@pytest.mark.parametrize("taken", [True, False], ids=["arrived", "never-arrived"])
def test_the_worker_is_killed_while_it_publishes(owner, product, lesson, staged, taken):
    page = owner.page
    with product.sandbox.fault(PUBLISH, kind="hang", seconds=120, taken=taken) as met:
        journeys.stage(page)
        wait_until(met)
        killed = product.kill("worker")
    product.await_another("worker", than=killed)
    with owner.staying():
        journeys.await_success(page, LIVE_WITHIN)
    assert lesson.hashes("staging") == [sha256(staged)]
    remark = page.get_by_text("found on Roblox after an interruption")
    expect(remark).to_have_count(1 if taken else 0)


def test_valkey_is_restarted_in_mid_deployment(owner, product, lesson, staged):
    page = owner.page
    with product.sandbox.fault(PUBLISH, kind="hang", seconds=6) as met:
        journeys.stage(page)
        wait_until(met)
        killed = product.kill("valkey", signal.SIGTERM)
        product.await_another("valkey", than=killed)
    owner.accept(*LOST_CONNECTION, "status of 5", "^5")
    journeys.await_success(page, LIVE_WITHIN)
    await_live(page)
    assert lesson.hashes("staging") == [sha256(staged)]

    page.get_by_role("link", name="Go on to production").click()
    journeys.promote(page)
    with owner.staying():
        journeys.await_success(page)


def test_the_web_process_is_killed(owner, product, lesson, staged):
    owner.accept(*LOST_CONNECTION)
    page = owner.page
    with product.sandbox.fault(PUBLISH, kind="hang", seconds=3):
        journeys.stage(page)
        await_live(page)
        publishing(page)
        with owner.staying():
            killed = product.kill("web")
            expect(connection(page)).to_have_attribute("data-state", "reconnecting")
            owner.capture("connection-lost-light-wide")
            product.await_another("web", than=killed)
            await_live(page)
            journeys.await_success(page)
    assert lesson.hashes("staging") == [sha256(staged)]


def test_everything_runs_after_all_that(product):
    processes = ("postgres", "valkey", "sandbox", "web", "worker", "beat")
    wait_until(lambda: all(product.pid(name) for name in processes), LIVE_WITHIN)
    assert product.request("/healthz").status_code == 200
