from __future__ import annotations

import hashlib

import pytest
from django.core.files.base import ContentFile

from apps.core.outgoing import BreakerOpen, Timeouts
from apps.roblox import open_cloud_api, open_cloud_errors, open_cloud_limits
from apps.roblox.open_cloud_api import OpenCloud
from apps.roblox.open_cloud_errors import (
    AssetNotFound,
    KeyRefused,
    OutcomeUnknown,
    PlaceNotFound,
    RateLimited,
    RequestRefused,
    RobloxDown,
    ScopeMissing,
    TeamCreateOpen,
)

BINARY = b"<roblox!\x89\xff\r\n\x1a\n" + bytes(18)
XML = b'<roblox version="4"></roblox>'
PUBLISH = "POST /universes/v1/*"


@pytest.fixture
def experience(roblox):
    return roblox.create_experience()


@pytest.fixture
def client(experience) -> OpenCloud:
    return OpenCloud(experience.api_key)


@pytest.fixture
def publish(client, experience):
    def call(content=BINARY, file_format="binary", place_id=None, **options):
        place_id = place_id or experience.staging_place_id
        return client.publish_place(
            experience.universe_id, place_id, content, file_format, **options
        )

    return call


def test_publishing_gives_the_new_version_number(publish):
    assert [publish(), publish(XML, "xml")] == [1, 2]


@pytest.fixture(params=["path", "file"])
def large_place(request, tmp_path):
    path = tmp_path / "place.rbxl"
    path.write_bytes(BINARY * 50_000)
    return path if request.param == "path" else ContentFile(path.read_bytes())


def test_a_file_is_published_as_it_is(publish, roblox, experience, large_place):
    publish(large_place)
    live = roblox.place(experience.staging_place_id)["live"]
    assert live["sha256"] == hashlib.sha256(BINARY * 50_000).hexdigest()


def test_saving_does_not_publish(publish, roblox, experience):
    publish(version_type="Saved")
    assert roblox.place(experience.staging_place_id)["live"] is None


def test_what_a_key_may_do(client, experience):
    grants = client.introspect_key()
    assert grants.enabled
    assert not grants.expired
    assert isinstance(grants.owner_id, int)
    assert grants.allows("universe-places:write", experience.universe_id)
    assert not grants.allows("universe-places:write", experience.universe_id + 1)
    assert grants.missing(experience.universe_id) == []


def test_missing_scopes_are_listed(roblox):
    made = roblox.create_experience(scopes=["asset:read"])
    missing = OpenCloud(made.api_key).introspect_key().missing(made.universe_id)
    assert missing == ["universe-places:write", "universe:write"]


def test_an_expired_key_says_so(client, roblox, experience):
    roblox.change_key(experience.api_key, "expire")
    assert client.introspect_key().expired


@pytest.mark.parametrize("verb", ["revoke", "disable", "expire"])
def test_a_key_that_stopped_working_is_refused_for_good(publish, roblox, experience, verb):
    roblox.change_key(experience.api_key, verb)
    with pytest.raises(KeyRefused, match="Invalid API Key") as refused:
        publish()
    assert refused.value.permanent


@pytest.mark.parametrize("text", ["", "with space", "new\nline", "schlüssel"])
def test_what_cannot_be_a_key_is_refused_without_a_call(text):
    with pytest.raises(KeyRefused):
        OpenCloud(text)


def test_a_missing_scope_is_named(roblox):
    made = roblox.create_experience(scopes=["asset:read"])
    with pytest.raises(ScopeMissing, match="universe-places:write") as refused:
        OpenCloud(made.api_key).publish_place(
            made.universe_id, made.staging_place_id, BINARY, "binary"
        )
    assert refused.value.permanent


def test_409_is_told_apart_by_asking_for_the_place(publish, roblox, experience):
    stranger = roblox.create_experience()
    with pytest.raises(PlaceNotFound):
        publish(place_id=stranger.staging_place_id)
    roblox.team_create(experience.staging_place_id)
    with pytest.raises(TeamCreateOpen) as refused:
        publish()
    assert not refused.value.permanent


def test_content_roblox_does_not_take(publish):
    with pytest.raises(RequestRefused, match="Invalid file content"):
        publish(b"nothing")


def test_a_place_that_is_not_there(publish):
    with pytest.raises(PlaceNotFound):
        publish(place_id=1)


@pytest.mark.parametrize("fault", [{"kind": "drop"}, {"kind": "status", "status": 502}])
def test_an_upload_without_an_answer_has_an_unknown_outcome(
    client, publish, roblox, experience, fault
):
    before = client.latest_version(experience.staging_place_id)
    roblox.faults(PUBLISH, **fault, taken=True)
    with pytest.raises(OutcomeUnknown):
        publish()
    assert client.latest_version(experience.staging_place_id) == before + 1
    assert client.asset_versions(experience.staging_place_id)[0].is_published


def test_a_silent_upload_has_an_unknown_outcome(publish, roblox, monkeypatch):
    monkeypatch.setattr(open_cloud_api, "UPLOAD", Timeouts(read=0.2))
    roblox.faults(PUBLISH, kind="hang", seconds=600)
    with pytest.raises(OutcomeUnknown):
        publish()


def test_roblox_out_of_reach_changes_nothing(publish, settings, unused_tcp_port):
    settings.ROBLOX_API_URL = f"http://127.0.0.1:{unused_tcp_port}"
    with pytest.raises(RobloxDown):
        publish()


def test_reading_is_tried_again(client, roblox, experience):
    roblox.faults("GET *", kind="status", status=503, times=2)
    assert client.place(experience.universe_id, experience.staging_place_id).name


def test_after_many_failures_roblox_is_left_alone(publish, roblox):
    roblox.faults(PUBLISH, kind="status", status=500, times=5)
    for _ in range(5):
        with pytest.raises(OutcomeUnknown):
            publish()
    with pytest.raises(BreakerOpen):
        publish()
    assert len(roblox.requests()) == 5


def test_retry_after_is_honoured_by_every_client(publish, roblox, experience):
    roblox.faults(PUBLISH, kind="rate_limit", retry_after=42)
    with pytest.raises(RateLimited) as refused:
        publish()
    assert refused.value.retry_after == 42
    with pytest.raises(RateLimited) as held:
        OpenCloud(experience.api_key).publish_place(1, 1, BINARY, "binary")
    assert 40 < held.value.retry_after <= 42
    assert len(roblox.requests()) == 1


def test_keys_of_one_owner_share_one_allowance_below_robloxs(client, roblox, experience):
    owner = client.introspect_key().owner_id
    second = OpenCloud(roblox.create_key(owner_id=owner))
    second.introspect_key()
    place = (experience.universe_id, experience.staging_place_id, BINARY, "binary")
    for number in range(open_cloud_limits.PER_MINUTE["publish"]):
        (client, second)[number % 2].publish_place(*place)
    with pytest.raises(RateLimited) as refused:
        second.publish_place(*place)
    assert 1 <= refused.value.retry_after <= 60
    assert 429 not in {seen["status"] for seen in roblox.requests()}


def test_without_redis_calls_go_out(publish, client, roblox, settings, unused_tcp_port):
    url = f"redis://127.0.0.1:{unused_tcp_port}/0"
    settings.REDIS_URL = url
    settings.CACHES = {a: {**about, "LOCATION": url} for a, about in settings.CACHES.items()}
    assert publish() == 1
    assert client.introspect_key().enabled
    roblox.faults(PUBLISH, kind="rate_limit", retry_after=5)
    with pytest.raises(RateLimited):
        publish()


def test_servers_are_restarted(client, roblox, experience):
    client.restart_servers(
        experience.universe_id, place_ids=[experience.staging_place_id], bleed_off_minutes=5
    )
    [restart] = roblox.state()["experiences"][0]["restarts"]
    assert restart["place_ids"] == [experience.staging_place_id]
    assert restart["bleed_off_minutes"] == 5


def test_servers_can_be_restarted_at_once(client, roblox, experience):
    client.restart_servers(experience.universe_id, close_all_versions=True)
    [restart] = roblox.state()["experiences"][0]["restarts"]
    assert (restart["close_all"], restart["bleed_off_minutes"]) == (1, None)


def test_an_operations_id_cannot_lead_elsewhere(client):
    with pytest.raises(ValueError, match="operation"):
        client.operation("../assets/1")


def test_a_message_reaches_the_universe(client, roblox, experience):
    client.publish_message(experience.universe_id, "release", "1.2.0")
    [message] = roblox.state()["experiences"][0]["messages"]
    assert (message["topic"], message["message"]) == ("release", "1.2.0")


def asset_of(client, roblox, **changes):
    owner = client.introspect_key().owner_id
    wish = {"asset_type": "Model", "name": "Tree", "description": "", "content": XML}
    wish |= {"creator_id": owner, "content_type": "model/x-rbxm"}
    operation = client.create_asset(**{**wish, **changes})
    for _ in range(5):
        found = client.operation(operation)
        if found.is_done:
            return found
    raise AssertionError("the operation never ended")


@pytest.mark.parametrize("spelled", [False, True])
def test_an_asset_is_done_after_some_polls_in_either_spelling(client, roblox, spelled):
    roblox.quirks(asset_ids_as_strings=spelled, long_moderation_names=spelled)
    asset = asset_of(client, roblox).asset
    assert client.asset(asset.asset_id) == asset
    assert (asset.name, asset.version, asset.moderation) == ("Tree", 1, "approved")


def test_moderation_can_reject(client, roblox):
    roblox.quirks(moderation="Rejected")
    assert asset_of(client, roblox).asset.moderation == "rejected"


def test_asset_content_must_match(client, roblox):
    with pytest.raises(RequestRefused, match="parse the file"):
        asset_of(client, roblox, content=b"not a model")


@pytest.mark.parametrize("enveloped", [False, True])
def test_versions_are_listed_newest_first(client, publish, roblox, experience, enveloped):
    roblox.quirks(versions_in_envelope=enveloped)
    publish()
    publish(version_type="Saved")
    found = client.asset_versions(experience.staging_place_id)
    assert [(version.number, version.is_published) for version in found] == [(2, False), (1, True)]


def test_an_asset_that_is_not_there(client):
    with pytest.raises(AssetNotFound):
        client.asset(1)


def test_the_key_shows_nowhere(client, experience, publish, caplog):
    with pytest.raises(RequestRefused) as refused:
        publish(b"nothing")
    shown = f"{client!r} {refused.value!r} {refused.value.as_problem()} {caplog.text}"
    assert experience.api_key not in shown


def test_every_error_has_a_code_of_its_own():
    errors = [
        found
        for found in vars(open_cloud_errors).values()
        if isinstance(found, type) and issubclass(found, open_cloud_errors.OpenCloudError)
    ]
    assert len({error.code for error in errors}) == len(errors)
