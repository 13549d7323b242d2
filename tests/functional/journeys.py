"""What people do on the pages, in the words of the pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.functional.browsing import await_state
from tests.functional.product import Product, Universe, place_file
from tests.processes.embedded.waiting import wait_until

KINDS = {"staging": "Staging", "production": "Production"}


def make_universe(page: Page, sandbox_url: str, name: str) -> Universe:
    """On the sandbox's own page, with what it shows once."""
    page.goto(sandbox_url)
    form = page.get_by_role("region", name="Create an experience")
    form.get_by_label("Name").fill(name)
    form.get_by_role("button", name="Create with a key").click()
    expect(page.get_by_role("heading", name=f"{name} is ready")).to_be_visible()

    def shown(field: str) -> str:
        return page.locator(f"#revealed-{field}").inner_text()

    return Universe(
        universe_id=int(shown("universe_id")),
        staging_place_id=int(shown("staging_place_id")),
        production_place_id=int(shown("production_place_id")),
        api_key=shown("api_key"),
    )


def add_experience(page: Page, url: str, name: str, universe: Universe) -> str:
    """Its address."""
    page.goto(f"{url}/experiences/new/")
    page.get_by_role("textbox", name="Name", exact=True).fill(name)
    page.get_by_label("Universe ID").fill(str(universe.universe_id))
    page.get_by_role("button", name="Add the experience").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    return page.url


def connect(page: Page, experience: str, kind: str, universe: Universe) -> None:
    page.goto(experience)
    page.get_by_role("link", name=f"Set up {kind}").click()
    page.get_by_label("Place ID").fill(str(universe.place_id(kind)))
    page.get_by_label("Open Cloud API key").fill(universe.api_key)
    page.get_by_role("button", name="Save and check the key").click()
    expect(environment(page, kind)).to_contain_text("Key works")


def environment(page: Page, kind: str) -> Locator:
    """One of the two panels of an experience's page."""
    return page.locator(".env", has=page.get_by_role("heading", name=KINDS[kind], exact=True))


def upload(page: Page, experience: str, version: str, file: Path, notes: str = "") -> None:
    """Ends on the release's page, whatever its scan says."""
    page.goto(experience)
    page.get_by_role("link", name="New release").first.click()
    fill_release(page, version, file, notes)
    expect(page).to_have_url(re.compile(rf"/releases/{re.escape(version)}/$"))


def fill_release(page: Page, version: str, file: Path, notes: str = "") -> None:
    page.get_by_label("Place file").set_input_files(file)
    page.get_by_label("Version").fill(version)
    page.get_by_label("Notes").fill(notes)
    page.get_by_role("button", name="Upload and scan").click()


def ask(page: Page, opener: str, agree: str) -> None:
    """Press what opens a dialog, and agree in it; ends on the deployment's page."""
    page.get_by_role("link", name=opener).click()
    page.get_by_role("dialog").get_by_role("button", name=agree).click()
    expect(page).to_have_url(re.compile(r"/deployments/[0-9a-f-]{36}/$"))


def stage(page: Page) -> None:
    ask(page, "Deploy to staging", "Deploy to staging")


def promote(page: Page) -> None:
    ask(page, "Promote to production", "Promote")


def await_success(page: Page, seconds: float = 60) -> None:
    await_state(page, "Succeeded", seconds)


def step(page: Page, title: str) -> Locator:
    return page.locator(".step", has_text=title)


def make_key(page: Page, url: str, name: str, scopes: tuple[str, ...] = ()) -> str:
    """An API key made on its page, with all scopes unless some are named."""
    page.goto(f"{url}/api-keys/new/")
    page.get_by_role("textbox", name="Name", exact=True).fill(name)
    unfold(page)
    for box in page.get_by_role("checkbox").all():
        if not scopes or box.get_attribute("value") in scopes:
            box.check()
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_text("Copy the key now")).to_be_visible()
    return page.locator("#new-key").inner_text().strip()


def unfold(page: Page) -> None:
    """Open every group of boxes to tick."""
    folded = page.locator("[data-choice-group]:not([open]) > summary")
    while folded.count():
        folded.first.click()


@dataclass
class Api:
    """A script with a key, on one workspace's host."""

    product: Product
    slug: str
    key: str

    def call(self, method: str, path: str, **options: Any) -> Any:
        """The answer's JSON, which must be a success."""
        answer = self.send(method, path, **options)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def send(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.key}"}
        path = f"/api/v1/{path}"
        return self.product.request(path, self.slug, method=method, headers=headers, **options)

    def upload(self, experience: str, version: str, file: Path) -> dict[str, Any]:
        """The release, once its scan is done."""
        with file.open("rb") as content:
            made = self.call(
                "POST", "releases/", data={"experience": experience, "version": version},
                files={"file": (file.name, content)},
            )  # fmt: skip
        path = f"releases/{made['id']}/"
        return self.until(path, lambda release: release["state"] != "scanning")

    def finish(self, deployment: dict[str, Any]) -> dict[str, Any]:
        """The deployment, once it has ended."""
        path = f"deployments/{deployment['id']}/"
        return self.until(path, lambda found: found["finished_at"] is not None)

    def until(self, path: str, holds: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}

        def look() -> bool:
            found.update(self.call("GET", path))
            return bool(holds(found))

        wait_until(look, 60)
        return found


@dataclass
class Lesson:
    """An experience that is connected to a universe of its own in the sandbox."""

    product: Product
    api: Api
    slug: str
    universe: Universe

    @property
    def url(self) -> str:
        return f"{self.product.workspace(self.api.slug)}/experiences/{self.slug}/"

    def release_url(self, version: str) -> str:
        return f"{self.url}releases/{version}/"

    def hashes(self, kind: str) -> list[str]:
        """What the sandbox holds of that place, oldest version first."""
        return self.product.sandbox.hashes(self.universe.place_id(kind))

    def upload(self, folder: Path, version: str) -> Path:
        file = place_file(folder, version)
        assert self.api.upload(self.slug, version, file)["state"] == "ready"
        return file

    def stage(self, version: str) -> None:
        wish = {"experience": self.slug, "version": version}
        done = self.api.finish(self.api.call("POST", "deployments/", json=wish))
        assert done["state"] == "succeeded", done


def arrange(product: Product, api: Api, name: str) -> Lesson:
    """A lesson made over the API."""
    universe = product.sandbox.create(name)
    wish = {"name": name, "universe_id": universe.universe_id}
    slug = api.call("POST", "experiences/", json=wish)["slug"]
    for kind in KINDS:
        about = {"place_id": universe.place_id(kind), "api_key": universe.api_key}
        api.call("PUT", f"experiences/{slug}/environments/{kind}/", json=about)
    return Lesson(product, api, slug, universe)
