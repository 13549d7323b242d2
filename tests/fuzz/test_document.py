"""Every operation of the OpenAPI document, called with what it allows and what it forbids.

schemathesis makes the requests out of the document itself: its examples, the edges of each
schema, random input, and sequences of calls in which one answer's identifiers go into the next.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from apps.gateway.services import api_keys
from apps.tenants.permissions import SCOPES
from tests.factories.transfers import fill
from tests.fuzz.serving import ROOT, served

# No failure of ours, and no answer that the document does not announce.
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_headers_conformance", "response_schema_conformance", "use_after_free",
    "unsupported_method",
)  # fmt: skip
EXAMPLES = 12


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.timeout(900)
def test_no_failure_and_no_undocumented_answer_with_a_key(alpha, owner, tmp_path):
    fill(alpha, owner)
    _, secret = api_keys.create(tenant=alpha, name="fuzz", scopes=SCOPES, by=owner)
    _explore(tmp_path, alpha.host, {"Authorization": f"Bearer {secret}"})


def _explore(folder: Path, host: str, headers: dict[str, str]) -> None:
    log = folder / "web.log"
    with served(log) as port:
        origin = f"http://127.0.0.1:{port}"  # not every resolver knows names below localhost
        command = [str(Path(sys.executable).with_name("schemathesis")), "run"]
        command += [f"{origin}/api/v1/schema/", "--checks", ",".join(CHECKS)]
        command += ["--max-examples", str(EXAMPLES), "--seed", "1", "--no-color"]
        command += ["--continue-on-failure", "--no-shrink", "--warnings", "off"]
        for name, value in {"Host": f"{host}:{port}", **headers}.items():
            command += ["--header", f"{name}: {value}"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    (ROOT / "artifacts").mkdir(exist_ok=True)
    (ROOT / "artifacts" / "fuzz.txt").write_text(done.stdout + done.stderr + log.read_text())
    assert done.returncode == 0, done.stdout[-20_000:] + log.read_text()[-5_000:]
