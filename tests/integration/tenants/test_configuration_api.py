"""`/api/v1/workspace/configuration/` and the command, for programs and operators."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from apps.tenants import configuration as reading
from apps.tenants.management.commands.configuration import Command
from apps.tenants.models import Tenant
from apps.tenants.services import configuration
from tests.factories.gateway import make_key
from tests.fixtures.problems import places

URL = "/api/v1/workspace/configuration/"
VERSIONS = f"{URL}versions/"
AUTUMN = {"name": "Autumn", "starts": "2026-09-01", "ends": "2026-12-18"}


@pytest.fixture
def api(browse, owner):
    return browse(owner)


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    return lambda: django_capture_on_commit_callbacks(execute=True)


def patch(client, match='"0"', **change):
    headers = {"If-Match": match} if match else {}
    return client.patch(URL, change, content_type="application/json", headers=headers)


def test_reading_it(api):
    answer = api.get(URL)
    assert answer["ETag"] == '"0"'
    shown = answer.json()
    assert (shown["version"], shown["locale"], shown["terms"]) == (0, "en", [])
    assert shown["features"]["api"] is True


def test_changing_it(api, alpha):
    answer = patch(api, terms=[AUTUMN], features={"teacher_uploads": False})
    assert answer.status_code == 200
    assert answer["ETag"] == '"1"'
    assert answer.json()["terms"] == [AUTUMN]
    assert not reading.of(Tenant.objects.get(pk=alpha.pk)).has("teacher_uploads")


def test_somebody_was_faster(api):
    patch(api, locale="en-gb")
    answer = patch(api, time_zone="Europe/Paris")
    assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")
    assert patch(api, '"1"', time_zone="Europe/Paris").status_code == 200


@pytest.mark.parametrize("match", ['"x"', '"99999999999999999999"', '"-1"', '"٣"'])
def test_an_etag_of_no_version_matches_none(api, match):
    assert patch(api, match.encode().decode("latin-1"), locale="en-gb").status_code == 412


@pytest.mark.parametrize("match", ["0", "x", "٣"])
def test_what_is_no_etag_is_told(api, match):
    answer = patch(api, match.encode().decode("latin-1"), locale="en-gb")
    assert (answer.status_code, places(answer)) == (422, ["If-Match"])


def test_a_star_matches_any(api):
    patch(api, locale="en-gb")
    assert patch(api, "*", locale="en-ie").json()["locale"] == "en-ie"


def test_without_a_version_it_is_refused(api):
    assert patch(api, "", locale="en-gb").json()["code"] == "precondition_required"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"locale": "tlh"}, "locale"),
        ({"locale": None}, "locale"),
        ({"hologram": 3}, "hologram"),
        ({"by": "me"}, "by"),
        ({"terms": {}}, "terms"),
        ({"terms": [7]}, "terms.0"),
        ({"terms": [{**AUTUMN, "starts": 0}]}, "terms.0.starts"),
        ({"terms": [{**AUTUMN, "name": "a\x00b"}]}, "terms.0.name"),
        ({"features": None}, "features"),
        ({"features": {"warp": True}}, "features"),
        ({"features": {"api": "perhaps"}}, "features.api"),
    ],
)
def test_nonsense_is_told_at_its_place(api, change, place):
    answer = patch(api, **change)
    assert answer.status_code == 422
    assert places(answer) == ["#/" + place.replace(".", "/")]


@pytest.mark.parametrize("body", ["[]", "{}", "7", "null", '"x"'])
def test_what_is_no_change_at_all(api, body):
    answer = api.patch(URL, body, content_type="application/json", headers={"If-Match": "*"})
    assert answer.status_code == 422


def test_limits_are_the_operators(api):
    assert patch(api, limits={"members": 9}).status_code == 403


def test_versions_and_going_back(api, committed):
    with committed():
        patch(api, locale="en-gb")
    listed = api.get(VERSIONS).json()["results"]
    assert [row["number"] for row in listed] == [1, 0]
    assert listed[0]["changes"] == {"locale": ["en", "en-gb"]}
    restored = api.post(f"{VERSIONS}0/restore/", headers={"If-Match": '"1"'})
    assert (restored.json()["locale"], restored["ETag"]) == ("en", '"2"')
    assert api.post(f"{VERSIONS}0/restore/", headers={"If-Match": '"1"'}).status_code == 412
    assert api.post(f"{VERSIONS}9/restore/", headers={"If-Match": "*"}).status_code == 404


def test_a_key_needs_its_scope(browse, alpha):
    _, secret = make_key(alpha, scopes=["workspace.view"])
    client = browse(None)
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    assert client.get(URL).status_code == 200
    assert patch(client, locale="en-gb").status_code == 403
    assert client.get(VERSIONS).status_code == 403


@pytest.mark.parametrize("path", [URL, VERSIONS])
def test_outsiders_and_strangers(browse, outsider, path):
    assert browse(None).get(path).status_code == 401
    assert browse(outsider).get(path).status_code in {401, 403}


def test_many_versions_cost_no_more_queries(
    api, alpha, owner, django_assert_num_queries, django_assert_max_num_queries
):
    configuration.change(tenant=alpha, by=owner, locale="en-gb")
    api.get(VERSIONS)
    with django_assert_max_num_queries(6) as counted:
        api.get(VERSIONS)
    needed = len(counted)
    for zone in ("Europe/Paris", "UTC", "Europe/Rome"):
        configuration.change(tenant=alpha, by=owner, time_zone=zone)
    with django_assert_num_queries(needed):
        api.get(VERSIONS)


class TestCommand:
    def call(self, capsys, *words, **options):
        call_command("configuration", *words, **options)
        return capsys.readouterr().out

    def test_show(self, alpha, capsys):
        assert json.loads(self.call(capsys, "show", "alpha"))["time_zone"] == "UTC"

    def test_set_and_history(self, alpha, capsys):
        self.call(capsys, "set", "alpha", "features.api=off", f"terms={json.dumps([AUTUMN])}")
        self.call(capsys, "set", "alpha", "limits.members=5", reason="A trial")
        out = self.call(capsys, "history", "alpha")
        assert "API keys: on -> off" in out
        assert "system: A trial" in out
        assert reading.of(Tenant.objects.get(pk=alpha.pk)).limits == {"members": 5}

    def test_a_limit_back_to_the_plans(self, alpha, capsys):
        self.call(capsys, "set", "alpha", "limits.members=5", reason="A trial")
        self.call(capsys, "set", "alpha", "limits.members=", reason="It is over")
        assert reading.of(Tenant.objects.get(pk=alpha.pk)).limits == {}

    def test_restore(self, alpha, capsys):
        self.call(capsys, "set", "alpha", "locale=en-gb")
        assert "Version 2" in self.call(capsys, "restore", "alpha", "0")
        assert "Nothing is different" in self.call(capsys, "restore", "alpha", "0")

    @pytest.mark.parametrize(
        ("words", "refusal"),
        [
            (["show", "nowhere"], "no workspace nowhere"),
            (["set", "alpha", "locale=tlh"], "locale: Choose one of"),
            (["set", "alpha", "colour=red"], "with one of locale"),
            (["set", "alpha", "locale"], "write SETTING=VALUE"),
            (["set", "alpha", "limits.members=5"], "reason: Say why"),
            (["restore", "alpha", "7"], "no version 7"),
        ],
    )
    def test_refusals(self, alpha, words, refusal):
        with pytest.raises(CommandError, match=refusal):
            call_command("configuration", *words)

    def test_its_words_are_not_taken_for_djangos_own_options(self):
        words = ["set", "alpha", "locale=en-gb"]
        parsed = Command().create_parser("manage.py", "configuration").parse_args(words)
        assert parsed.assignments == ["locale=en-gb"]
        assert parsed.settings is None
