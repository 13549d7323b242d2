"""The main job without the pages: over the API with a key, and on the command line."""

from tests.functional.journeys import Api, make_key
from tests.functional.product import place_file, sha256


def test_over_the_api(product, page, demo, lesson, tmp_path):
    scopes = ("releases.view", "releases.create", "deployments.view", "deployments.stage")
    scopes += ("deployments.promote", "deployments.rollback")
    script = Api(product, "lincoln", make_key(page, demo, "A build script", scopes))
    files = {version: place_file(tmp_path, version) for version in ("1.0.0", "1.1.0")}
    for version, file in files.items():
        release = script.upload(lesson.slug, version, file)
        assert (release["state"], release["artifact"]["sha256"]) == ("ready", sha256(file))
        wish = {"experience": lesson.slug, "version": version}
        staged = script.finish(script.call("POST", "deployments/", json=wish))
        promoted = script.finish(script.call("POST", "deployments/promote/", json=wish))
        assert [staged["state"], promoted["state"]] == ["succeeded", "succeeded"]

    back = script.call("POST", "deployments/rollback/", json={"experience": lesson.slug})
    back = script.finish(back)
    assert (back["release"], back["roblox_version"], back["kind"]) == ("1.0.0", 3, "rollback")
    assert [step["state"] for step in back["steps"]] == ["succeeded"] * 5
    first, second = map(sha256, files.values())
    assert lesson.hashes("production") == [first, second, first]


def test_what_a_key_may_not_do(product, page, demo, lesson):
    reader = Api(product, "lincoln", make_key(page, demo, "A reader", ("releases.view",)))
    assert reader.send("GET", "releases/").status_code == 200
    wish = {"experience": lesson.slug, "version": "1.0.0"}
    refused = reader.send("POST", "deployments/", json=wish)
    assert refused.status_code == 403
    assert refused.headers["content-type"].startswith("application/problem+json")

    page.goto(f"{demo}/api-keys/")
    page.get_by_role("link", name="A reader").click()
    page.get_by_role("button", name="Revoke").click()
    page.get_by_role("row", name="A reader").get_by_text("Revoked").wait_for()
    assert reader.send("GET", "releases/").status_code == 401


def test_on_the_command_line(product, lesson, tmp_path):
    def release(verb, *words):
        where = ("--workspace", "lincoln", "--experience", lesson.slug)
        who = ("--by", "owner@lincoln.example")
        return product.manage("release", verb, *where, *who, *words)

    files = {version: place_file(tmp_path, version) for version in ("1.0.0", "1.1.0")}
    for version, file in files.items():
        assert f"SHA-256 {sha256(file)}" in release("create", version, str(file))
        assert "is live on staging" in release("deploy", version)
        assert "is live on production" in release("promote", version)
    assert "is live on production as version 3" in release("rollback")
    assert "production  1.0.0 (Roblox version 3)" in release("status")
    first, second = map(sha256, files.values())
    assert lesson.hashes("production") == [first, second, first]


def test_the_command_line_says_what_is_wrong(product, lesson):
    said = product.refuse(
        "release", "promote", "--workspace", "lincoln", "--experience", lesson.slug, "9.9.9"
    )
    assert "9.9.9" in said
    assert "Traceback" not in said
