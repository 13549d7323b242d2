"""The generated clients against the running product: read, write once, be refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from embedded.layout import ROOT
from tests.functional.journeys import make_key
from tests.functional.product import place_file

SCOPES = (
    "experiences.view", "releases.view", "releases.create", "deployments.view",
    "deployments.stage", "workspace.view",
)  # fmt: skip
# Names below `localhost` are this machine, which not every resolver knows.
SCRIPT = """
import dns from "node:dns";
const lookup = dns.lookup;
dns.lookup = (host, ...rest) => lookup(host.endsWith(".localhost") ? "127.0.0.1" : host, ...rest);
import {{ connect, Problem }} from {client};
const call = connect({base}, {{ Authorization: "Bearer {key}" }});
const page = await call("releases_list", {{ query: {{ page_size: 1, fields: "version" }} }});
const body = {{ experience: {slug}, version: "3.2.0" }};
const wish = {{ body, idempotencyKey: "staged once" }};
const first = await call("deployments_create", wish);
const again = await call("deployments_create", wish);
const nowhere = {{ path: {{ slug: "nowhere" }} }};
const refused = await call("experiences_get", nowhere).catch((error) => error);
console.log(JSON.stringify({{
  rows: page.results.length, same: first.id === again.id,
  refused: refused instanceof Problem ? refused.code : String(refused),
}}));
"""


@pytest.fixture
def key(page, demo):
    return make_key(page, demo, "A client", SCOPES)


@pytest.fixture
def client(product, key, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "clients" / "python" / "src"))
    from toolboxai import Client

    with Client(product.workspace("lincoln"), api_key=key) as api:
        yield api


def upload(client, lesson, tmp_path, version):
    with place_file(tmp_path, version).open("rb") as file:
        return client.releases_create(
            experience=lesson.slug, version=version, file=file, notes="by the client",
            idempotency_key=f"upload-{version}",
        )  # fmt: skip


def test_the_python_client(client, lesson, tmp_path):
    from toolboxai import Problem

    first = upload(client, lesson, tmp_path, "3.0.0")
    assert upload(client, lesson, tmp_path, "3.0.0")["id"] == first["id"]
    upload(client, lesson, tmp_path, "3.1.0")
    rows = client.releases_iterate(experience=lesson.slug, page_size=1, fields="version")
    assert {row["version"] for row in rows} >= {"3.0.0", "3.1.0"}
    assert client.releases_get(first["id"])["artifact"]["filename"] == "lesson-3.0.0.rbxl"
    file = (tmp_path / "lesson-3.0.0.rbxl").read_bytes()
    assert client.releases_artifact_get(first["id"]) == file

    with pytest.raises(Problem) as refused:
        client.deployments_promote(experience=lesson.slug, version="3.0.0")
    assert (refused.value.status, refused.value.code) == (403, "permission_denied")
    with pytest.raises(Problem) as wrong:
        client.deployments_create(experience=lesson.slug, version="")
    assert wrong.value.errors[0]["pointer"] == "#/version"
    assert client.help_search(q="roll back")["results"]


def test_the_front_ends_caller(product, key, client, lesson, tmp_path):
    upload(client, lesson, tmp_path, "3.2.0")
    script = tmp_path / "call.mjs"
    script.write_text(
        SCRIPT.format(
            client=json.dumps(str(ROOT / "frontend" / "src" / "api" / "client.ts")),
            base=json.dumps(product.workspace("lincoln")),
            key=key, slug=json.dumps(lesson.slug),
        )
    )  # fmt: skip
    done = subprocess.run(
        [str(Path(sys.executable).with_name("node")), str(script)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told == {"rows": 1, "same": True, "refused": "not_found"}
