"""The owner's page, the API, the console."""

from __future__ import annotations

import hashlib
import tarfile
from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY

from apps.accounts.models import OperatorDevice
from apps.accounts.services import operators
from apps.jobs.models import JobRun
from apps.jobs.task import run_now
from apps.mail.models import Message
from apps.tenants.models import Tenant
from apps.transfers.models import Export, Import
from apps.transfers.services import exports, installation
from tests.factories.gateway import make_key

pytestmark = pytest.mark.django_db
HOST = "alpha.localhost"


def carry_out(export):
    run_now(JobRun.objects.get(pk=export.run_id))
    export.refresh_from_db()
    return export


@pytest.fixture
def ready(filled, owner):
    return carry_out(exports.start(tenant=filled, by=owner))


def fetch(client, export, **headers):
    url = client.get(f"/api/v1/exports/{export.pk}/download/").json()["url"]
    path = url.partition(HOST)[2].partition("/")[2]
    return client.get(f"/{path}", headers=headers)


def body(answer):
    return b"".join(answer.streaming_content)


class TestTheOwnersPage:
    def test_starts_an_export_that_a_job_makes(self, browse, owner, filled):
        answer = browse(owner).post("/settings/exports/", {"with_media": "on"})
        assert answer.status_code == 302
        assert carry_out(Export.objects.get()).state == "ready"

    def test_tells_who_asked_by_mail(self, ready):
        mail = Message.objects.get(template="mail/export_ready")
        assert (mail.to, "/settings/exports/" in mail.text) == (ready.asked_by, True)

    def test_refuses_a_second_one_meanwhile(self, browse, owner, filled):
        exports.start(tenant=filled, by=owner)
        answer = browse(owner).post("/settings/exports/", {"with_media": "on"})
        assert (answer.status_code, Export.objects.count()) == (422, 1)

    def test_refuses_what_is_no_key(self, browse, owner, filled):
        answer = browse(owner).post("/settings/exports/", {"encrypt_to": "x25519:short"})
        assert (answer.status_code, "x25519:" in answer.content.decode()) == (422, True)

    def test_leads_to_the_file(self, browse, owner, ready):
        client = browse(owner)
        link = client.post(f"/settings/exports/{ready.pk}/download/").url
        answer = client.get("/" + link.partition(HOST)[2].partition("/")[2])
        assert hashlib.sha256(body(answer)).hexdigest() == ready.sha256

    def test_leads_there_under_the_products_domain_alone(self, browse, owner, ready):
        Tenant.objects.filter(slug="alpha").update(main_domain="lab.school.example")
        link = browse(owner).post(f"/settings/exports/{ready.pk}/download/").url
        assert f"//{HOST}" in link

    def test_shows_what_failed(self, browse, owner, filled):
        default_storage.delete(_blob_path(filled))
        carry_out(exports.start(tenant=filled, by=owner))
        assert "missing from storage" in browse(owner).get("/settings/exports/").content.decode()

    def test_asks_the_database_as_often_for_one_as_for_many(
        self, browse, owner, ready, django_assert_num_queries, django_assert_max_num_queries
    ):
        client = browse(owner)
        client.get("/settings/exports/")
        with django_assert_max_num_queries(20) as one:
            client.get("/settings/exports/")
        for _ in range(3):
            Export.objects.create(
                tenant=ready.tenant, state="failed", asked_by="x", problem="It failed."
            )
        with django_assert_num_queries(len(one)):
            client.get("/settings/exports/")

    def test_removes_the_file(self, browse, owner, ready):
        browse(owner).post(f"/settings/exports/{ready.pk}/remove/")
        assert not default_storage.exists(ready.storage_name)


def test_its_job_leads_to_who_may_take_it(filled, browse, owner, teacher):
    run = JobRun.objects.create(name="transfers.export", schema_name=filled.schema_name)
    link = 'id="about" href="/settings/exports/"'
    assert link in browse(owner).get(f"/jobs/{run.pk}/").content.decode()
    assert link not in browse(teacher).get(f"/jobs/{run.pk}/").content.decode()


class TestTheFile:
    def test_comes_in_parts(self, browse, owner, ready):
        client = browse(owner)
        whole = body(fetch(client, ready))
        part = fetch(client, ready, Range="bytes=1000-1999")
        assert (part.status_code, body(part)) == (206, whole[1000:2000])
        assert part["Content-Range"] == f"bytes 1000-1999/{len(whole)}"
        assert body(fetch(client, ready, Range="bytes=-10")) == whole[-10:]

    def test_comes_whole_when_it_was_made_anew(self, browse, owner, ready):
        answer = fetch(browse(owner), ready, **{"Range": "bytes=5-9", "If-Range": '"other"'})
        assert answer.status_code == 200

    def test_has_an_end(self, browse, owner, ready):
        answer = fetch(browse(owner), ready, Range="bytes=99999999-")
        assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{ready.size}")

    def test_needs_nobody_signed_in_with_a_link(self, browse, owner, ready):
        url = browse(owner).get(f"/api/v1/exports/{ready.pk}/download/").json()["url"]
        answer = Client(SERVER_NAME=HOST).get("/" + url.partition(HOST)[2].partition("/")[2])
        with tarfile.open(fileobj=BytesIO(body(answer))) as tar:
            assert tar.getnames()[0] == "export.json"

    @pytest.mark.parametrize("token", ["", "nonsense"])
    def test_is_not_given_without_one(self, browse, ready, token):
        answer = browse(None).get(f"/api/v1/exports/{ready.pk}/file/?token={token}")
        assert (answer.status_code, answer.json()["code"]) == (403, "download_refused")

    def test_is_not_given_on_another_workspaces_host(self, browse, owner, ready, beta):
        url = browse(owner).get(f"/api/v1/exports/{ready.pk}/download/").json()["url"]
        other = Client(SERVER_NAME=beta.host)
        assert other.get("/" + url.partition(HOST)[2].partition("/")[2]).status_code == 403

    def test_goes_after_a_week(self, ready):
        Export.objects.update(expires_at=timezone.now())
        assert exports.expire() == 1
        assert not default_storage.exists(ready.storage_name)


class TestTheApi:
    def test_starts_and_lists(self, alpha, owner, filled):
        _, secret = make_key(alpha, scopes=["exports.create"])
        client = Client(SERVER_NAME=HOST, headers={"Authorization": f"Bearer {secret}"})
        made = client.post("/api/v1/exports/", {"with_media": False}, "application/json")
        assert (made.status_code, made.json()["state"]) == (202, "running")
        listed = client.get("/api/v1/exports/").json()["results"]
        assert [each["id"] for each in listed] == [made.json()["id"]]
        assert client.get(f"/api/v1/exports/{made.json()['id']}/").status_code == 200

    def test_removes(self, browse, owner, ready):
        assert browse(owner).get(f"/api/v1/exports/{ready.pk}/").json()["sha256"] == ready.sha256
        exports.remove(export=ready, by=owner)
        answer = browse(owner).get(f"/api/v1/exports/{ready.pk}/download/")
        assert (answer.status_code, answer.json()["code"]) == (409, "export_not_ready")

    @pytest.mark.parametrize("path", ["", "{}/", "{}/download/"])
    def test_knows_no_outsiders(self, browse, outsider, admin, ready, path):
        for person in (outsider, admin):
            answer = browse(person).get(f"/api/v1/exports/{path.format(ready.pk)}")
            assert answer.status_code == 403

    def test_knows_no_other_workspaces_exports(self, browse, outsider, beta, ready):
        answer = browse(outsider, tenant=beta).get(f"/api/v1/exports/{ready.pk}/")
        assert answer.status_code == 404


class TestTheConsole:
    @pytest.fixture
    def console(self, db, browse):
        person = operators.create(email="olga@toolboxai.example").user
        client = browse(person, tenant=None)
        session = client.session
        session[DEVICE_ID_SESSION_KEY] = OperatorDevice.objects.get().persistent_id
        session.save()
        return client

    def test_imports_a_file_of_the_folder(self, console, exported, settings):
        folder = settings.TRANSFERS_DIR / "incoming"
        folder.mkdir(parents=True)
        exported.rename(folder / "alpha.tar")
        page = "/operator/transfers/import/take-in/"
        assert "alpha.tar" in console.get(page).content.decode()
        answer = console.post(page, {"file": "alpha.tar", "slug": "gamma"})
        assert answer.status_code == 302
        run_now(JobRun.objects.get(pk=Import.objects.get().run_id))
        assert Import.objects.get().state == "done"
        assert not (folder / "alpha.tar").exists()

    def test_keeps_the_file_of_a_failed_import(
        self, console, exported, settings, django_capture_on_commit_callbacks
    ):
        file = settings.TRANSFERS_DIR / "incoming" / "alpha.tar"
        file.parent.mkdir(parents=True)
        exported.rename(file)
        wish = {"file": file.name, "slug": "gamma"}
        console.post("/operator/transfers/import/take-in/", wish)
        Tenant.objects.filter(slug="alpha").update(slug="gamma")
        with django_capture_on_commit_callbacks(execute=True):
            run_now(JobRun.objects.get(pk=Import.objects.get().run_id))
        assert (Import.objects.get().state, file.exists()) == ("failed", True)

    def test_says_why_it_refuses(self, console, exported, settings):
        folder = settings.TRANSFERS_DIR / "incoming"
        folder.mkdir(parents=True)
        exported.rename(folder / "alpha.tar")
        answer = console.post("/operator/transfers/import/take-in/", {"file": "alpha.tar"})
        assert "This address is taken" in answer.content.decode()

    def test_exports_and_clones(self, console, filled):
        page = "/operator/tenants/tenant/"
        chosen = {"_selected_action": filled.pk, "confirmed": "yes"}
        console.post(page, {**chosen, "action": "export", "with_media": "on"})
        console.post(page, {**chosen, "action": "clone", "slug": "sandbox-a"})
        assert Export.objects.get().asked_by.startswith("operator ")
        assert Import.objects.get().kind == "clone"

    @pytest.mark.parametrize("page", ["export", "import", "trustedkey", "trustedkey/trust"])
    def test_has_its_pages(self, console, ready, page):
        answer = console.get(f"/operator/transfers/{page}/")
        assert answer.status_code == 200

    def test_trusts_and_distrusts(self, console):
        key = installation.public_key()
        console.post("/operator/transfers/trustedkey/trust/", {"name": "Us", "public": key})
        row = installation.TrustedKey.objects.get()
        console.post(
            "/operator/transfers/trustedkey/", {"_selected_action": row.pk, "action": "distrust"}
        )
        assert not installation.TrustedKey.objects.exists()


def _blob_path(tenant):
    from apps.media.models import Blob

    with tenant:
        return Blob.objects.get().storage_name
