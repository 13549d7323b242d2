"""Every operation of the OpenAPI document, called with what it allows and what it forbids.

schemathesis makes the requests out of the document itself: its examples, the edges of each
schema, random input, and sequences of calls in which one answer's identifiers go into the next.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from apps.accounts.services import tokens
from apps.gateway.services import api_keys
from apps.payments.services import catalogue_sync
from apps.tenants.permissions import SCOPES
from apps.tenants.session_rules import limits_of
from apps.usage.models import WorkspacePlan
from tests.factories.transfers import fill
from tests.fixtures.payments import Billing
from tests.fuzz.serving import ROOT, served

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "owner"]),
    pytest.mark.timeout(1200),
]
# No failure of ours, and no answer that the document does not announce.
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_headers_conformance", "response_schema_conformance", "use_after_free",
    "unsupported_method",
)  # fmt: skip
# Who may do much is tried with more; the edges of every schema are tried by two callers.
EXAMPLES = {"owner": 8, "admin": 6, "teacher": 6, "student": 3, "guardian": 3, "outsider": 2}
PHASES = "examples,fuzzing,stateful"
EVERY_PHASE = f"{PHASES},coverage"
# Where one ends one's own session or membership; nothing of the document could be tried after it.
ENDINGS = ("sessions_delete", "members_delete")
BUT_THE_LAST = [word for name in ENDINGS for word in ("--exclude-operation-id", name)]
LAST = [word for name in ENDINGS for word in ("--include-operation-id", name)]
LAST_PHASES = "examples,fuzzing"
# Sign-in keeps its limits; all others are off (`application`).
MOST_REFUSED = 0.1
# A plan that `application` knows.
BOUNDLESS = "boundless"


@pytest.fixture
def explore(
    alpha: Any, owner: Any, tmp_path: Path, pytestconfig: pytest.Config, billing: Billing
) -> Callable[..., None]:
    """`explore(name, examples, authorization)` has the whole document tried on Alpha's host, with
    an account at the sandbox's Stripe where all that is sold lies.
    """
    fill(alpha, owner)
    catalogue_sync.apply(catalogue_sync.compare())
    paid = {"STRIPE_API_URL": billing.stripe.url, "STRIPE_SECRET_KEY": billing.stripe.key}
    WorkspacePlan.objects.filter(tenant=alpha).update(plan=BOUNDLESS)
    seed = pytestconfig.getoption("--fuzz-seed")

    def run(name: str, examples: int, authorization: str = "", phases: str = PHASES) -> None:
        log = tmp_path / "web.log"
        with served(log, **paid) as port:
            headers = {"Host": f"{alpha.host}:{port}"}
            if authorization:
                headers["Authorization"] = f"Bearer {authorization}"
            command = [*_command(port, examples, headers), "--seed", seed]
            runs = [
                subprocess.run(
                    [*command, *part], cwd=tmp_path, capture_output=True, text=True, check=False
                )
                for part in (("--phases", phases, *BUT_THE_LAST), ("--phases", LAST_PHASES, *LAST))
            ]
        said, logged = "".join(run.stdout + run.stderr for run in runs), log.read_text()
        (ROOT / "artifacts").mkdir(exist_ok=True)
        (ROOT / "artifacts" / f"fuzz-{name}.txt").write_text(said + logged)
        assert [run.returncode for run in runs] == [0, 0], said[-20_000:]
        # Who is turned away at the door finds nothing behind it.
        for code in (429, 401) if authorization and name != "outsider" else ():
            assert logged.count(f" code={code} ") < MOST_REFUSED * logged.count(" api_request ")

    return run


@pytest.mark.parametrize("role", EXAMPLES)
def test_no_failure_and_no_undocumented_answer_for(role, request, alpha, explore):
    person = request.getfixturevalue(role)
    pair = tokens.open_session(
        user=person, schema_name=alpha.schema_name, name="fuzz", origin={}, limits=limits_of(alpha)
    )
    phases = EVERY_PHASE if role == "owner" else PHASES
    explore(role, EXAMPLES[role], pair.access, phases)


def test_no_failure_and_no_undocumented_answer_with_a_key(alpha, owner, explore):
    _, secret = api_keys.create(tenant=alpha, name="fuzz", scopes=SCOPES, by=owner)
    explore("key", 8, secret, EVERY_PHASE)


def test_no_failure_and_no_undocumented_answer_for_strangers(explore):
    explore("stranger", 2)


def _command(port: int, examples: int, headers: dict[str, str]) -> list[str]:
    """On loopback's address, since not every resolver knows names below localhost."""
    command = [str(Path(sys.executable).with_name("schemathesis")), "run"]
    command += [f"http://127.0.0.1:{port}/api/v1/schema/", "--checks", ",".join(CHECKS)]
    command += ["--max-examples", str(examples), "--no-color"]
    command += ["--continue-on-failure", "--no-shrink", "--warnings", "off"]
    for name, value in headers.items():
        command += ["--header", f"{name}: {value}"]
    return command
