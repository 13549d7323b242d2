"""From the page of prices to a paid subscription, by the keyboard alone; and where the card's
number went: to Stripe and nowhere else (ADR 31).
"""

import re
from urllib.parse import urlsplit

import psycopg
import redis
from playwright.sync_api import expect

from tests.functional.test_every_page import look_over
from tests.functional.test_keyboard import tab_to

NUMBER = "4242424242424242"
SUBSCRIBED = {  # the pages as a subscriber has them
    "": "billing-subscribed",
    "plan/?plan=district&interval=month&seats=3": "billing-change",
    "cancel/": "billing-cancel",
    "pause/": "billing-pause",
    "invoices/": "billing-invoices",
    "invoices/?state=void": "",
    "payments/": "billing-payments",
}


def kept_in_the_database(url):
    """Tables with the number in any row, of every schema."""
    found = []
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        assert len(tables) > 200
        for (table,) in tables:
            rows = f"SELECT count(*) FROM {table} AS one WHERE one::text LIKE %s"  # noqa: S608 -- quoted
            if connection.execute(rows, [f"%{NUMBER}%"]).fetchone() != (0,):
                found.append(table)
    return found


def kept_in_redis(url):
    server = redis.Redis.from_url(url)
    read = {
        "string": server.get,
        "hash": server.hgetall,
        "list": lambda key: server.lrange(key, 0, -1),
        "set": server.smembers,
        "zset": lambda key: server.zrange(key, 0, -1),
        "stream": server.xrange,
        "none": str,  # gone meanwhile
    }
    keys = list(server.scan_iter())
    assert keys
    return [key for key in keys if NUMBER in str(read[server.type(key).decode()](key))]


def kept_in_files(local):
    """Of the product: logs, mails, media. What the sandbox has is Stripe's."""
    files = [
        path
        for folder in ("logs", "outbox", "media")
        for path in (local / folder).rglob("*")
        if path.is_file() and path.name != "sandbox.log"
    ]
    assert len(files) > 5
    return [str(path) for path in files if NUMBER.encode() in path.read_bytes()]


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
    sent = []
    page.on("request", lambda request: sent.append((request.url, request.post_data or "")))
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
    at_stripe(page, "number", NUMBER)
    at_stripe(page, "expiry", "12 / 34")
    at_stripe(page, "cvc", "123")
    at_stripe(page, "name", "Olivia Park")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
    expect(page.get_by_role("main")).to_contain_text("School is yours")
    press(page, "To billing")
    expect(page.get_by_role("main")).to_contain_text("With Visa 4242")
    for part, shot in SUBSCRIBED.items():
        look_over(visitor, f"{demo}/settings/billing/{part}", shot)
    invoice = visitor.open(f"{demo}/settings/billing/invoices/").locator("main tbody a").first
    look_over(visitor, demo + str(invoice.get_attribute("href")), "billing-invoice")

    with_number = {urlsplit(url).netloc for url, data in sent if NUMBER in url + data}
    assert with_number == {urlsplit(product.secrets["SANDBOX_URL"]).netloc}
    assert kept_in_the_database(product.secrets["DATABASE_OWNER_URL"]) == []
    assert kept_in_redis(product.secrets["REDIS_URL"]) == []
    assert kept_in_files(product.local) == []
