"""An owner moves a workspace, closes it and keeps it after all; operators suspend and remove it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

NAME, SLUG, MOVED = "Moving school", "moving-school", "moved-school"


@pytest.fixture
def founder(product, visit):
    """The owner of a fresh workspace, on the public host."""
    product.manage("tenant", "create", SLUG, "--owner", "owner@lincoln.example")
    visitor = visit()
    visitor.sign_in(product.public, "owner@lincoln.example", product.secrets["DEMO_PASSWORD"])
    return visitor


def within(address):
    """Any page there: a fresh workspace begins with its first steps."""
    return re.compile(rf"^{re.escape(address)}/(?!enter)")


def test_a_workspaces_whole_life(product, founder):
    page, address = founder.page, product.workspace(MOVED)
    page.get_by_role("link", name=f"Go into {NAME}").click()
    expect(page).to_have_url(within(product.workspace(SLUG)))

    founder.open(f"{product.workspace(SLUG)}/settings/closing/")
    page.get_by_label("New address").fill(MOVED)
    page.get_by_role("button", name="Change the address").click()
    expect(page).to_have_url(within(address))
    founder.open(f"{product.workspace(SLUG)}/members/?page=1")
    expect(page).to_have_url(f"{address}/members/?page=1")

    product.manage("tenant", "suspend", MOVED, "--reason", "The invoice is unpaid")
    founder.open(f"{address}/settings/domains/")
    expect(page.get_by_text("This workspace is suspended")).to_be_visible()
    founder.shoot("suspended")
    product.manage("tenant", "resume", MOVED)

    founder.open(f"{address}/settings/closing/")
    page.get_by_label("The workspace's address").fill(MOVED)
    page.get_by_role("button", name=f"Delete {NAME}").click()
    expect(page).to_have_url(f"{product.public}/workspaces/")
    expect(page.get_by_text("To be deleted")).to_be_visible()
    founder.shoot("workspaces-closing")
    founder.open(f"{address}/", status=410)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{NAME} is closed")
    founder.shoot("closed")

    founder.open(f"{product.public}/workspaces/")
    page.get_by_role("button", name=f"Keep {NAME}").click()
    expect(page.get_by_text(f"{NAME} stays")).to_be_visible()
    founder.open(f"{address}/members/")

    product.manage("tenant", "delete", MOVED, "--now", "--confirm", MOVED)
    founder.open(f"{address}/", status=404)
