"""Whatever comes back, the client answers with a value or an error of its own."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.outgoing import Reply
from apps.roblox import open_cloud_replies as replies
from apps.roblox.open_cloud_errors import (
    LONGEST_MESSAGE,
    OutcomeUnknown,
    RobloxDown,
    message_of,
)

NAMES = st.sampled_from(
    [
        "errors",
        "message",
        "path",
        "scopes",
        "universeIds",
        "operations",
        "enabled",
        "expired",
        "assetId",
        "revisionId",
        "assetVersions",
        "versionNumber",
        "response",
        "moderationResult",
    ]
)
BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
PARSERS = [
    replies.new_version_of,
    replies.operation_id_of,
    replies.key_grants_of,
    replies.place_of,
    replies.operation_of,
    replies.asset_of,
    replies.asset_versions_of,
]


def reply(body: object) -> Reply:
    return Reply(200, {}, json.dumps(body).encode())


@pytest.mark.parametrize("parse", PARSERS, ids=lambda parse: parse.__name__)
@given(body=BODIES)
def test_any_success_is_read_or_reported(parse, body):
    try:
        replies.read(reply(body), parse)
    except RobloxDown as error:
        assert "unreadable" in error.detail  # noqa: PT017 - either outcome is right


@given(body=BODIES)
def test_any_refusal_has_a_bounded_message(body):
    assert len(message_of(reply(body))) <= LONGEST_MESSAGE


def test_an_upload_answered_unreadably_has_an_unknown_outcome():
    with pytest.raises(OutcomeUnknown):
        replies.read(reply("<html>"), replies.new_version_of, otherwise=OutcomeUnknown)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"errors": [{"code": 0, "message": "Invalid API Key"}]}, "Invalid API Key"),
        ({"code": "NOT_FOUND", "message": "No place.", "details": []}, "No place."),
        ({"error": "INVALID_ARGUMENT", "message": "Bad file."}, "Bad file."),
        ({"error": "INTERNAL"}, "INTERNAL"),
        ({"title": "Validation", "errors": {"placeId": ["Not valid."]}}, "placeId: Not valid."),
        (["nothing"], ""),
    ],
)
def test_all_forms_of_refusal_are_read(body, message):
    assert message_of(reply(body)) == message


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("Approved", "approved"),
        ("MODERATION_STATE_REJECTED", "rejected"),
        ("Reviewing", "reviewing"),
        ("Lost", "unknown"),
    ],
)
def test_moderation_is_one_word_whatever_the_spelling(state, expected):
    assert replies._moderation({"moderationResult": {"moderationState": state}}) == expected
