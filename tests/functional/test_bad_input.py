"""What people get wrong is said where they got it wrong, and what they typed is kept."""

import pytest
from playwright.sync_api import expect

from apps.roblox.files.demo import build_demo_place
from tests.functional import journeys
from tests.functional.product import place_file

UNSAID = "A note that must not be lost"


@pytest.fixture
def refused(owner):
    """A page whose form is sent and refused, as the browser's console says too."""
    owner.accept("status of 422")
    return owner


def error_at(page, label):
    """The message that the field itself is described by."""
    field = page.get_by_label(label)
    expect(field).to_have_attribute("aria-invalid", "true")
    described = field.get_attribute("aria-describedby") or ""
    problem = page.locator(f"#{field.get_attribute('id')}_error")
    assert problem.get_attribute("id") in described.split()
    return problem


def broken_files(folder):
    truncated = folder / "cut.rbxl"
    truncated.write_bytes(build_demo_place("1.0.0")[:5000])
    mislabelled = folder / "really-xml.rbxlx"
    mislabelled.write_bytes(build_demo_place("1.0.0"))
    nothing = folder / "holiday.rbxl"
    nothing.write_bytes(b"\xff\xd8\xff\xe0 a photograph, not a place")
    return {truncated: "missing", mislabelled: "binary", nothing: "Roblox"}


def test_files_that_are_no_place(refused, lesson, tmp_path):
    page = refused.page
    for number, (file, word) in enumerate(broken_files(tmp_path).items()):
        page.goto(f"{lesson.url}releases/new/")
        journeys.fill_release(page, f"1.0.{number}", file, UNSAID)
        expect(error_at(page, "Place file")).to_contain_text(word)
        expect(page.get_by_label("Version")).to_have_value(f"1.0.{number}")
        expect(page.get_by_label("Notes")).to_have_value(UNSAID)
    refused.shoot("release-refused")


def test_a_version_that_is_taken(refused, lesson, tmp_path):
    lesson.upload(tmp_path, "1.0.0")
    page = refused.open(f"{lesson.url}releases/new/")
    journeys.fill_release(page, "1.0.0", place_file(tmp_path, "1.1.0"), UNSAID)
    expect(error_at(page, "Version")).to_contain_text("1.0.0")
    expect(page.get_by_label("Notes")).to_have_value(UNSAID)


def test_a_version_that_is_none(refused, lesson, tmp_path):
    page = refused.open(f"{lesson.url}releases/new/")
    journeys.fill_release(page, "one point two", place_file(tmp_path, "1.1.0"))
    expect(error_at(page, "Version")).to_be_visible()
    expect(page.get_by_label("Version")).to_have_value("one point two")


def save_key(page, lesson, key):
    page.goto(f"{lesson.url}environments/staging/")
    page.get_by_label("Open Cloud API key").fill(key)
    page.get_by_role("button", name="Save and check the key").click()


def test_a_key_that_roblox_does_not_know(refused, lesson):
    page = refused.page
    save_key(page, lesson, "rbxoc-this-key-was-never-made")
    expect(error_at(page, "Open Cloud API key")).to_be_visible()
    expect(page.get_by_label("Place ID")).to_have_value(str(lesson.universe.staging_place_id))
    refused.shoot("key-refused")
    page.goto(lesson.url)
    expect(journeys.environment(page, "staging")).to_contain_text("Key works")


def test_a_key_that_was_revoked_meanwhile(owner, product, lesson, tmp_path):
    lesson.upload(tmp_path, "1.0.0")
    product.sandbox.revoke(lesson.universe.api_key)
    page = owner.open(lesson.release_url("1.0.0"))
    journeys.stage(page)
    with owner.staying():
        journeys.await_state(page, "Failed")
    expect(page.get_by_role("alert").filter(has_text="Nothing was made live")).to_be_visible()
    owner.shoot("deployment-failed")
    page.goto(lesson.url)
    expect(journeys.environment(page, "staging")).to_contain_text("Key refused")
    assert lesson.hashes("staging") == []


def test_the_same_name_twice(owner, product, demo, lesson):
    page = owner.page
    page.goto(lesson.url)
    name = page.get_by_role("heading", level=1).inner_text()
    other = product.sandbox.create(name)
    assert journeys.add_experience(page, demo, name, other) == lesson.url.rstrip("/") + "-2/"


def test_a_universe_that_is_here_already(refused, demo, lesson):
    page = refused.open(f"{demo}/experiences/new/")
    page.get_by_label("Name").fill("The same once more")
    page.get_by_label("Universe ID").fill(str(lesson.universe.universe_id))
    page.get_by_role("button", name="Add the experience").click()
    expect(error_at(page, "Universe ID")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("The same once more")
