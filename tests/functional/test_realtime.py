"""Pusher's own client on a customer's page, and our own pages: live, cut off, and back."""

from __future__ import annotations

import base64
import re
import secrets

import psycopg
import pytest
from playwright.sync_api import expect
from psycopg import sql
from pusher import Pusher

from apps.realtime import pusher_api
from tests.functional import audits, line, shop
from tests.functional.browsing import PHONE, WIDE, Visitor, await_live, connection
from tests.functional.shop import Customer
from tests.processes.embedded.waiting import wait_until

LOST = (
    "WebSocket",
    "ERR_CONNECTION",
    "ERR_EMPTY_RESPONSE",
    "ERR_SOCKET",
    "ERR_INTERNET_DISCONNECTED",
)


@pytest.fixture(scope="module")
def site(browser, signed_in, demo, product):
    """The site of a customer who has made an app on its page, for that site's origin alone."""
    with shop.opened() as opened:
        window = Visitor(browser, storage_state=signed_in("owner"))
        page = window.open(f"{demo}/settings/realtime/new/")
        page.get_by_label("Name").fill("Shop")
        page.get_by_label("Client events").check()
        page.get_by_label("Subscription counting").check()
        page.get_by_label("Allowed origins").fill(opened.origin)
        page.get_by_role("button", name="Make the app").click()
        secret = page.locator("#secret").inner_text().strip()
        app_id, opened.key = (page.locator("dl .mono").nth(n).inner_text() for n in range(2))
        # The key of encrypted channels stays with the customer: the endpoint does not have it.
        master = base64.b64encode(secrets.token_bytes(32)).decode()
        opened.server = Pusher(
            app_id, opened.key, secret, ssl=False, host="localhost", port=product.port,
            encryption_master_key_base64=master,
        )  # fmt: skip
        window.context.close()
        yield opened


@pytest.fixture
def enter(visit, site, product):
    """Somebody comes to the site."""

    def entered(user, watch="", port=product.port):
        visitor = visit()
        visitor.accept(*LOST, "status of 403 .*/auth")
        return Customer(visitor.page, site, user, watch, port)

    return entered


def test_pushers_client_on_a_customers_page(site, enter):
    server, ada = site.server, enter("ada", watch="bob")
    ada.join("news")
    bob = enter("bob")
    bob.join("news")
    while ada.hear("news", "pusher:subscription_count") != [{"subscription_count": 2}]:
        pass
    sender = bob.page.evaluate("pusher.connection.socket_id")
    server.trigger("news", "greeting", {"text": "Grüße"}, sender)
    assert ada.hear("news", "greeting") == [{"text": "Grüße"}]

    ada.page.evaluate("join('private-closed')")
    assert ada.hear("private-closed", "pusher:subscription_error")[0]["status"] == 403
    for one in (ada, bob):
        one.join("private-room")
        one.join("private-encrypted-room")
    ada.send("private-room", "client-wave", {"hand": "left"})
    assert bob.hear("private-room", "client-wave") == [{"hand": "left"}, None]
    server.trigger("private-encrypted-room", "told", {"answer": 42})
    for one in (ada, bob):
        assert one.hear("private-encrypted-room", "told") == [{"answer": 42}]

    assert ada.join("presence-room")["count"] == 1
    assert bob.join("presence-room")["members"] == {"ada": {"name": "Ada"}, "bob": {"name": "Bob"}}
    arrived = {"id": "bob", "info": {"name": "Bob"}}
    assert ada.hear("presence-room", "pusher:member_added") == [arrived]
    bob.send("presence-room", "client-wave", 1)
    assert ada.hear("presence-room", "client-wave") == [1, "bob"]

    ada.sign_in()
    assert ada.hear("watchlist", "offline") == [["bob"]]
    bob.sign_in()
    assert ada.hear("watchlist", "online") == [["bob"]]
    server.send_to_user("bob", "told", {"only": "you"})
    assert bob.hear("user", "told") == [{"only": "you"}]
    # Nobody has heard what they sent themselves, nor what was for bob alone.
    assert not bob.has_heard("news", "greeting")
    assert not bob.has_heard("presence-room", "client-wave")
    assert not ada.has_heard("private-room", "client-wave")
    assert not ada.has_heard("user", "told")

    pusher_api.terminate_connections(server, "bob")
    assert bob.hear("connection", "disconnected")
    assert ada.hear("presence-room", "pusher:member_removed")[0]["id"] == "bob"
    assert ada.hear("watchlist", "offline") == [["bob"]]


def test_a_cache_channel_tells_its_last_event_to_whoever_comes(site, enter):
    server, ada = site.server, enter("ada")
    ada.join("cache-score")
    assert ada.hear("cache-score", "pusher:cache_miss")
    server.trigger("cache-score", "score", 3)
    assert ada.hear("cache-score", "score") == [3]
    bob = enter("bob")
    bob.join("cache-score")
    assert bob.hear("cache-score", "score") == [3]


def test_pushers_client_loses_its_connection_and_finds_it_again(product, site, enter):
    ada = enter("ada")
    ada.join("presence-hall")
    with line.led_to(product.port) as cable:
        bob = enter("bob", port=cable.port)
        bob.sign_in()
        bob.join("presence-hall")
        bob.join("private-encrypted-hall")
        cable.cut()
        assert bob.hear("connection", "unavailable")
        assert ada.hear("presence-hall", "pusher:member_removed")[0]["id"] == "bob"
        cable.mend()
        bob.page.evaluate("dispatchEvent(new Event('online'))")  # as browsers say it
        assert bob.hear("connection", "connected")
        assert bob.hear("presence-hall", "pusher:subscription_succeeded")[0]["count"] == 2
        assert bob.hear("private-encrypted-hall", "pusher:subscription_succeeded")
        site.server.trigger("private-encrypted-hall", "told", {"again": True})
        assert bob.hear("private-encrypted-hall", "told") == [{"again": True}]
        bob.await_own_channel()
        site.server.send_to_user("bob", "told", {"n": 2})
        assert bob.hear("user", "told") == [{"n": 2}]


def test_a_page_of_another_site_is_not_let_in(product, site, visit):
    with shop.opened() as elsewhere:
        elsewhere.key = site.key
        visitor = visit()
        visitor.accept(*LOST)
        page = visitor.open(f"{elsewhere.origin}/?user=eve&key={site.key}&port={product.port}")
        code = page.wait_for_function("take('connection', 'error')").json_value()[2]
        assert code == 4009


def test_who_else_has_a_page_open(demo, owner, visit, signed_in):
    owner.watch_shifts()
    page = owner.page
    with page.expect_response(re.compile("/state/$")):  # From here on nothing is drawn again.
        owner.open(f"{demo}/experiences/volcano-lab/releases/1.0.0/")
    here, names = page.locator("#presence-button"), page.locator(".presence-person")
    await_live(page)
    expect(here).to_be_hidden()
    before = owner.shift()
    teacher = visit(storage_state=signed_in("teacher"))
    teacher.open(page.url)
    expect(here).to_have_accessible_name("2 people are looking at this")
    another = teacher.context.new_page()
    another.goto(page.url)  # Another tab is nobody else.
    expect(another.locator("#presence-button")).to_have_accessible_name(re.compile("^2 people"))
    here.focus()
    page.keyboard.press("Enter")
    expect(names).to_contain_text([re.compile("Tomás Rivera$"), "(you)"])
    assert audits.faults(page) == []
    page.set_viewport_size(PHONE)
    assert audits.overflow(page) == 0
    page.set_viewport_size(WIDE)
    page.keyboard.press("Escape")
    expect(names.first).to_be_hidden()
    assert owner.shift() == before
    teacher.context.close()
    expect(here).to_be_hidden()


@pytest.mark.parametrize("is_kept", [True, False], ids=["kept", "no-longer-kept"])
def test_a_page_that_was_cut_off_shows_what_it_missed(
    product, lesson, tmp_path, visit, signed_in, is_kept
):
    lesson.upload(tmp_path, "1.0.0")
    reader = visit(storage_state=signed_in("owner"))
    reader.accept(*LOST)
    page, state = reader.page, connection(reader.page)
    title = page.get_by_role("heading", level=1)
    with line.led_to(product.port) as cable:
        near = lesson.release_url("1.0.0").replace(f":{product.port}/", f":{cable.port}/")
        with page.expect_response(re.compile("/state/$")):  # It knows how far the events are.
            reader.open(near)
        await_live(page)
        expect(title).to_contain_text("Ready")
        cable.cut()
        shown = "polling" if is_kept else re.compile("reconnecting|polling")
        expect(state).to_have_attribute("data-state", shown)
        found = lesson.api.call("GET", f"releases/?version=1.0.0&experience={lesson.slug}")
        lesson.api.call("POST", f"releases/{found['results'][0]['id']}/withdraw/")
        if not is_kept:
            forget(product, page.locator("#release").get_attribute("data-channel"))
        with reader.staying(), page.expect_response(re.compile("/events/.after=")) as asked:
            cable.mend()
            page.evaluate("dispatchEvent(new Event('online'))")  # as browsers say it
            await_live(page)
            expect(title).to_contain_text("Withdrawn")
        assert asked.value.json()["is_complete"] is is_kept
        page.goto("about:blank")


def forget(product, channel):
    """What the channel's workspace has kept, as if days had passed, once the channel was told."""
    schema = sql.Identifier(channel.removeprefix("private-w-").partition(".")[0])
    told = sql.SQL(
        "SELECT FROM {schema}.events_event e, {schema}.events_stream s"
        " WHERE %s = ANY(e.channels) AND e.sequence = s.sent AND s.sent = s.last"
    ).format(schema=schema)
    forgotten = sql.SQL(
        "UPDATE {schema}.events_stream SET forgotten = last; DELETE FROM {schema}.events_event"
    ).format(schema=schema)
    with psycopg.connect(product.secrets["DATABASE_OWNER_URL"], autocommit=True) as owner:
        wait_until(lambda: owner.execute(told, [channel]).rowcount, 30)
        owner.execute(forgotten)
