"""Each page for each role and for strangers, and what its forms answer to bad input."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.jobs.models import JobRun
from apps.roblox.models import Experience, Release
from apps.roblox.services import deployments
from tests.factories.roblox import carry_out, make_experience, make_release, place_file

LAB = "/experiences/volcano-lab/"
PAGES = [
    "/",
    "/guide/",
    "/experiences/",
    "/experiences/new/",
    LAB,
    LAB + "environments/staging/",
    LAB + "environments/staging/deploy/",
    LAB + "environments/production/deploy/",
    LAB + "environments/production/rollback/",
    LAB + "releases/new/",
    LAB + "releases/1.0.0/",
    LAB + "releases/1.0.0/state/",
    LAB + "releases/1.0.0/artifact/",
    LAB + "releases/1.0.0/withdraw/",
    "/releases/",
    "/releases/?experience=volcano-lab",
    "/deployments/",
    "/deployments/{deployment}/",
    "/deployments/{deployment}/progress/",
]


@pytest.fixture
def lab(roblox, in_alpha, owner):
    return make_experience(roblox, owner)


@pytest.fixture
def release(lab, owner):
    return make_release(lab, "1.0.0", owner)


@pytest.fixture
def deployment(release, owner):
    return carry_out(deployments.stage(release=release, by=owner))


# Each page is a test of its own, on one deployment: this takes far longer to prepare than a page
# to open.
@pytest.fixture
def addresses(deployment):
    return [page.format(deployment=deployment.pk) for page in PAGES]


def test_the_owner_opens_every_page(browse, owner, addresses, subtests):
    client = browse(owner)
    for address in addresses:
        with subtests.test(address):
            assert client.get(address).status_code == 200


def test_strangers_sign_in_first_and_outsiders_stay_out(browse, outsider, addresses, subtests):
    client = browse(outsider)
    for address in addresses:
        with subtests.test(address):
            assert browse(None).get(address).status_code == 302
            assert client.get(address).status_code == 403


def test_a_student_sees_the_home_page_only(browse, student, addresses, subtests):
    client = browse(student)
    for address in addresses:
        with subtests.test(address):
            assert client.get(address).status_code == (200 if address == "/" else 403)


def test_a_students_home_page_names_no_release(browse, student, deployment):
    answer = browse(student).get("/")
    assert answer.status_code == 200
    assert b"1.0.0" not in answer.content


def upload(client, **changes):
    file = SimpleUploadedFile("lab.rbxlx", place_file())
    return client.post(LAB + "releases/new/", {"version": "1.0.0", "file": file, **changes})


def test_an_upload_leads_to_its_release(browse, owner, lab):
    answer = upload(browse(owner), notes="First")
    assert answer.url == LAB + "releases/1.0.0/"
    assert Release.objects.get().notes == "First"


def test_an_upload_can_go_on_to_staging(browse, owner, lab):
    client = browse(owner)
    assert (
        "Deploy it to staging after the scan" in client.get(LAB + "releases/new/").content.decode()
    )
    upload(client, stage="on")
    parent = JobRun.objects.get(kind="chain")
    listed = client.get("/jobs/").content.decode()
    assert listed.index(f"/jobs/{parent.pk}/") < listed.index("Deploy to staging")
    shown = client.get(f"/jobs/{parent.pk}/").content.decode()
    assert "Scan 1.0.0 and deploy it to staging" in shown
    assert shown.index("Scan a release") < shown.index("Deploy to staging")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": "one"}, "semantic version"),
        ({"file": SimpleUploadedFile("lab.rbxlx", b"not a place")}, "starts neither like Roblox"),
        ({"file": SimpleUploadedFile("lab.rbxl", place_file())}, "rbxlx"),
        ({"file": SimpleUploadedFile("lab.rbxlx", place_file()[:-30])}, "line"),
    ],
)
def test_a_bad_upload_says_what_to_do_and_keeps_the_notes(browse, owner, lab, changes, message):
    for file in (v for v in changes.values() if hasattr(v, "seek")):
        file.seek(0)
    answer = upload(browse(owner), notes="Keep me", **changes)
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert "Keep me" in answer.content.decode()
    assert not Release.objects.exists()


def test_a_taken_version_is_told_at_its_field(browse, owner, release):
    answer = upload(browse(owner))
    assert answer.status_code == 422
    assert "version" in answer.context["form"].errors


def test_a_refused_key_is_told_at_its_field(roblox, browse, owner, lab):
    key = roblox.create_experience("Other").api_key
    roblox.revoke_key(key)
    staging = lab.environments.get(kind="staging")
    answer = browse(owner).post(
        LAB + "environments/staging/", {"place_id": staging.place_id, "api_key": key}
    )
    assert answer.status_code == 422
    assert "api_key" in answer.context["form"].errors
    staging.refresh_from_db()
    assert staging.api_key != key


def test_a_key_for_another_universe_is_refused(roblox, browse, owner, lab):
    key = roblox.create_experience("Other").api_key
    staging = lab.environments.get(kind="staging")
    answer = browse(owner).post(
        LAB + "environments/staging/", {"place_id": staging.place_id, "api_key": key}
    )
    assert "universe-places:write" in answer.content.decode()


def test_keys_are_never_shown_and_lie_encrypted(roblox, browse, owner, lab):
    staging = lab.environments.get(kind="staging")
    shown = browse(owner).get(LAB + "environments/staging/").content.decode()
    assert staging.api_key not in shown
    with connection.cursor() as cursor:
        cursor.execute("SELECT api_key FROM roblox_environment WHERE id = %s", [staging.pk])
        assert staging.api_key not in cursor.fetchone()[0]


def test_a_new_experience_is_made_and_its_address_taken_once(browse, owner, in_alpha):
    client = browse(owner)
    made = client.post("/experiences/new/", {"name": "Tide Pool", "universe_id": "9"})
    assert made.url == "/experiences/tide-pool/"
    again = client.post("/experiences/new/", {"name": "Tide Pool", "universe_id": "9"})
    assert again.status_code == 422
    assert Experience.objects.count() == 1


def test_promotion_before_staging_says_why(browse, owner, release):
    answer = browse(owner).post(LAB + "environments/production/deploy/", {"release": "1.0.0"})
    assert answer.status_code == 409
    assert "staging first" in answer.content.decode()


def test_a_withdrawn_release_cannot_be_deployed(browse, owner, release):
    client = browse(owner)
    client.post(LAB + "releases/1.0.0/withdraw/")
    answer = client.post(LAB + "environments/staging/deploy/", {"release": "1.0.0"})
    assert "withdrawn" in answer.content.decode()


def test_an_open_breaker_is_shown(roblox, browse, owner, deployment, settings):
    from apps.core.errors import VendorError
    from apps.roblox.open_cloud_api import OpenCloud

    settings.ROBLOX_API_URL = "http://127.0.0.1:9"
    for _ in range(6):
        with pytest.raises(VendorError):
            OpenCloud("some-key").place(1, 1)
    assert "Roblox does not answer" in browse(owner).get(LAB).content.decode()


def test_pages_ask_as_much_for_many_rows_as_for_few(
    browse, owner, roblox, lab, django_assert_num_queries, subtests
):
    client = browse(owner)
    pages = ["/", "/experiences/", "/releases/", "/deployments/", LAB]
    _grow(lab, owner, 2)
    few = {page: _count_queries(client, page) for page in pages}
    _grow(lab, owner, 4)
    for n in range(3):
        make_experience(roblox, owner, name=f"Other {n}")
    for page in pages:
        with subtests.test(page), django_assert_num_queries(few[page]):
            client.get(page)


def _count_queries(client, page):
    client.get(page)
    with CaptureQueriesContext(connection) as queries:
        client.get(page)
    return len(queries)  # at once: the next request empties the log that it counts from


def _grow(lab, owner, count):
    start = lab.releases.count()
    for n in range(start, start + count):
        carry_out(deployments.stage(release=make_release(lab, f"1.{n}.0", owner), by=owner))


@pytest.mark.parametrize(
    "path",
    ["/releases/?experience=%00", "/deployments/?experience=%00", LAB + "releases/1.0.0%00/"],
)
def test_a_null_character_names_nothing(browse, owner, lab, path):
    assert browse(owner).get(path).status_code == 404


def test_a_null_character_is_no_part_of_a_name(browse, owner, lab):
    assert browse(owner).post(LAB + "rename/", {"name": "a\0b"}).status_code == 422


def test_an_experience_is_renamed(browse, owner, lab):
    browse(owner).post(LAB + "rename/", {"name": "Crater Lab"})
    lab.refresh_from_db()
    assert lab.name == "Crater Lab"
