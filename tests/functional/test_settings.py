"""Colour with a live preview, first steps by keyboard, two people at one configuration."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

HEADING = "Versions of the configuration"


def colour(page):
    return page.get_by_role("textbox", name=re.compile("^Colour"))


@pytest.fixture
def branding(owner, demo):
    page = owner.open(f"{demo}/settings/branding/")
    expect(page.get_by_role("region", name="Preview")).to_be_visible()
    return page


def test_the_preview_follows_what_is_typed(owner, branding):
    with owner.staying():
        colour(branding).fill("#ffd400")
        expect(branding.get_by_text("In light mode the colour is hard to read")).to_be_visible()
        expect(branding.get_by_label("Pick a colour")).to_have_value("#ffd400")
        colour(branding).fill("#ffd4")
        expect(branding.get_by_text("This is no colour yet.")).to_be_visible()
    owner.shoot("branding-preview")


def test_the_picker_writes_into_the_field(branding):
    branding.get_by_label("Pick a colour").fill("#0a5c44")
    expect(colour(branding)).to_have_value("#0a5c44")
    expect(branding.get_by_text("In light mode the colour is easy to read")).to_be_visible()


def test_the_colour_is_on_every_page_and_gone_again(owner, branding, demo):
    colour(branding).fill("#0a5c44")
    branding.get_by_role("button", name="Save").press("Enter")
    expect(branding.get_by_text("Every page of the workspace has it now.")).to_be_visible()
    button = owner.open(f"{demo}/members/").get_by_role("button", name="Invite")
    expect(button).to_have_css("background-color", "rgb(10, 92, 68)")
    page = owner.open(f"{demo}/settings/branding/")
    colour(page).fill("")
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.locator("html")).not_to_have_class(re.compile("brand-"))


def test_versions_can_be_gone_back_to(visit, product, demo):
    owner = visit()  # Going back is for somebody who has just shown who they are.
    owner.sign_in(demo, "owner@lincoln.example", product.secrets["DEMO_PASSWORD"])
    page = owner.open(f"{demo}/settings/configuration/")
    page.get_by_label("Weeks begin on").select_option("sunday")
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_role("link", name="Earlier versions").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(HEADING)
    owner.shoot("configuration-versions")
    page.get_by_role("button", name=re.compile("Go back to version")).first.press("Enter")
    expect(page.get_by_text("are in force again.")).to_be_visible()


def test_two_people_at_one_setting(owner, visit, signed_in, demo):
    first = owner.open(f"{demo}/settings/configuration/")
    other = visit(storage_state=signed_in("owner"))
    second = other.open(f"{demo}/settings/configuration/")
    for page, zone in ((first, "Europe/Paris"), (second, "Europe/Berlin")):
        page.get_by_label("Time zone").select_option(zone)
    first.get_by_role("button", name="Save").click()
    expect(first.get_by_text("Saved.")).to_be_visible()
    other.accept("status of 409")
    second.get_by_role("button", name="Save").click()
    expect(second.get_by_text("Somebody else has changed this")).to_be_visible()
    expect(second.get_by_label("Time zone")).to_have_value("Europe/Berlin")
    other.shoot("configuration-clash")
    second.get_by_role("button", name="Save").click()
    expect(second.get_by_text("Saved.")).to_be_visible()
    second.get_by_label("Time zone").select_option("UTC")
    second.get_by_role("button", name="Save").click()
    expect(second.get_by_text("Saved.")).to_be_visible()


def test_pasted_addresses(owner, demo):
    owner.accept("status of 422")
    page = owner.open(f"{demo}/welcome/invite/")
    page.get_by_label("E-mail addresses").fill("oops, owner@lincoln.example")
    page.get_by_role("button", name="Invite and go on").click()
    expect(page.get_by_text("2 could not be invited")).to_be_visible()
    expect(page.get_by_label("E-mail addresses")).to_have_value("oops\nowner@lincoln.example")
    owner.shoot("welcome-invite-refused")


def test_without_scripts_the_preview_is_a_button(visit, product, demo):
    visitor = visit(java_script_enabled=False)
    page = visitor.sign_in(demo, "owner@lincoln.example", product.secrets["DEMO_PASSWORD"])
    visitor.open(f"{demo}/welcome/branding/")
    colour(page).fill("#ffd400")
    page.get_by_role("button", name="Show the preview").click()
    expect(page.get_by_text("In light mode the colour is hard to read")).to_be_visible()
    expect(colour(page)).to_have_value("#ffd400")
    visitor.open(f"{demo}/settings/configuration/")
    page.get_by_label("Name").fill("Autumn")
    page.get_by_role("button", name="Another term").click()
    expect(page.get_by_label("Name")).to_have_count(2)
    expect(page.get_by_label("Name").first).to_have_value("Autumn")
