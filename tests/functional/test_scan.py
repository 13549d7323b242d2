"""A place whose script loads foreign code never reaches Roblox."""

import re

from playwright.sync_api import expect

from apps.roblox.files.document import Document, Instance
from apps.roblox.files.values import Property, ValueType
from apps.roblox.files.writing import write
from tests.functional import journeys
from tests.functional.browsing import await_state

SCRIPT = b"""local Players = game:GetService("Players")
Players.PlayerAdded:Connect(function(player)
    require(1234567)(player)
end)
"""


def place_with_backdoor(folder):
    source = Property(ValueType.PROTECTED_STRING, SCRIPT)
    script = Instance("Script", "Welcome", {"Source": source})
    roots = [
        Instance("Workspace", "Workspace"),
        Instance("ServerScriptService", "ServerScriptService"),
    ]
    roots[1].add(script)
    path = folder / "welcome.rbxl"
    path.write_bytes(write(Document("place", "binary", roots), form="binary"))
    return path


def test_a_critical_finding_blocks(owner, lesson, api, tmp_path):
    page = owner.page
    journeys.upload(page, lesson.url, "1.0.0", place_with_backdoor(tmp_path))
    with owner.staying():
        await_state(page, "Blocked by scan")
    finding = page.locator(".findings li").filter(has_text="Critical")
    expect(finding).to_contain_text("ServerScriptService.Welcome, line 3")
    expect(finding).to_contain_text("require(1234567)")
    assert page.get_by_role("link", name=re.compile("Deploy to|Promote")).count() == 0
    owner.shoot("release-blocked")

    wish = {"experience": lesson.slug, "version": "1.0.0"}
    refused = api.send("POST", "deployments/", json=wish)
    assert (refused.status_code, refused.json()["code"]) == (409, "release_not_deployable")
    assert lesson.hashes("staging") == []
