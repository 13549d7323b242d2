"""Our client and our sandbox against the documented Open Cloud.

Both were written here, so that they agree proves nothing: each exchange is held against the
contract in contracts/ and against Roblox's own OpenAPI documents where a copy lies beside
the repository.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from apps.core.outgoing import Reply
from apps.roblox.open_cloud_errors import message_of
from apps.roblox.open_cloud_limits import PER_MINUTE
from tests.verification.openapi import Contract, Exchange

HERE = Path(__file__).parent
OWN = HERE / "contracts" / "open_cloud.json"
BESIDE = HERE.parents[2] / "shared" / "roblox" / "specs"
SPOKEN = ("/universes/v1/", "/assets/v1/", "/cloud/v2/universes/{universe_id}:restartServers")


def speaks_of_ours(file: Path) -> bool:
    contract = Contract(file)
    return any((contract._prefix + path).startswith(SPOKEN) for path in contract.document["paths"])


CONTRACTS = [OWN, *(file for file in sorted(BESIDE.glob("*.json")) if speaks_of_ours(file))]


@pytest.mark.parametrize("file", CONTRACTS, ids=lambda file: file.stem)
def test_requests_replies_and_limits_are_as_documented(file, exchanges):
    contract = Contract(file)
    assert [problem for exchange in exchanges for problem in contract.problems(exchange)] == []
    assert any(contract.operation(exchange) for exchange in exchanges)


def test_our_own_contract_covers_every_call(exchanges):
    contract = Contract(OWN)
    uncovered = {exchange.path for exchange in exchanges if not contract.operation(exchange)}
    assert uncovered == set()


def test_every_operation_of_our_contract_is_exercised(exchanges):
    contract = Contract(OWN)
    used = [contract.operation(exchange) for exchange in exchanges]
    for methods in contract.document["paths"].values():
        assert all(operation in used for operation in methods.values())


def test_every_status_of_our_contract_is_exercised(exchanges):
    contract = Contract(OWN)
    documented = {
        (path, status)
        for path, methods in contract.document["paths"].items()
        for operation in methods.values()
        for status in operation["responses"]
    }
    seen = {
        (path, str(exchange.reply.status))
        for exchange in exchanges
        for path, methods in contract.document["paths"].items()
        if contract.operation(exchange) in methods.values()
    }
    assert documented - seen == set()


def test_every_refusal_has_words_we_can_read(exchanges):
    refusals = [exchange.reply for exchange in exchanges if exchange.reply.status >= 400]
    assert len(refusals) > 10
    assert all(message_of(reply) for reply in refusals)


def test_each_call_carries_the_key_in_its_header_only(exchanges):
    for exchange in exchanges:
        key = exchange.options["headers"]["x-api-key"]
        assert key not in exchange.path
        assert key not in json.dumps(exchange.options.get("params", {}))


@pytest.mark.parametrize(
    ("endpoint", "path", "method"),
    [
        ("publish", "/universes/v1/{universeId}/places/{placeId}/versions", "post"),
        ("restart", "/cloud/v2/universes/{universe_id}:restartServers", "post"),
        ("message", "/cloud/v2/universes/{universe_id}:publishMessage", "post"),
        ("read", "/cloud/v2/universes/{universe_id}/places/{place_id}", "get"),
        ("asset", "/assets/v1/assets", "post"),
        ("operation", "/assets/v1/operations/{operationId}", "get"),
        ("asset_versions", "/assets/v1/assets/{assetId}/versions", "get"),
    ],
)
def test_the_client_stays_below_robloxs_limit(endpoint, path, method):
    documents = [Contract(file).document for file in CONTRACTS]
    described = [d["paths"][path][method] for d in documents if path in d["paths"]]
    assert described
    for operation in described:
        limit = operation["x-roblox-rate-limits"]["perApiKeyOwner"]["maxInPeriod"]
        assert 0.9 * limit < PER_MINUTE[endpoint] < limit


@pytest.fixture
def published(exchanges) -> Exchange:
    return next(found for found in exchanges if found.path.startswith("/universes/v1/"))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"options": {"params": {}, "headers": {"content-type": "text/html"}}}, "content type"),
        ({"options": {"params": {"versionType": "Beta"}, "headers": {}}}, "'Beta' is not one of"),
        ({"reply": Reply(200, {}, b'{"versionNumber": "7"}')}, "is not of type 'integer'"),
        ({"reply": Reply(201, {}, b"{}")}, "status 201 is undocumented"),
        ({"reply": Reply(401, {}, b'{"message": "no"}')}, "'errors' is a required property"),
        ({"reply": Reply(403, {"x-ratelimit-limit": "9, 9;w=60"}, b"{}")}, "should be 30"),
    ],
)
def test_a_departure_is_noticed(published, change, problem):
    departed = dataclasses.replace(published, **change)
    assert problem in " ".join(Contract(OWN).problems(departed))
