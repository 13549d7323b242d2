"""Addresses that get no more mail: for the workspace, and for whoever reads them."""

from __future__ import annotations

import pytest

from apps.audit.models import AuditEntry
from apps.mail.models import Suppression
from apps.mail.services import suppressions

PAGE = "/settings/mail/suppressed/"
API = "/api/v1/mail-suppressions/"
REFUSED = {403, 404}


@pytest.fixture
def stop(write, alpha):
    """Stop mail to an address for a reason."""

    def suppress(to="sam@school.example", reason="bounce", **about):
        message = write(to=to, **about)
        return suppressions.suppress(message=message, reason=reason, detail="550 Unknown user")

    return suppress


def test_admins_find_them_and_write_again(browse, admin, stop, write, alpha):
    found, other = stop(), stop("ann@school.example")
    client = browse(admin)
    page = client.get(PAGE, {"q": "sam@"}).content.decode()
    assert found.address in page
    assert "550 Unknown user" in page
    assert other.address not in page
    assert client.post(f"{PAGE}{found.pk}/lift/").status_code == 302
    assert "gets mail again" in client.get(PAGE).content.decode()
    assert found.address not in client.get(PAGE).content.decode()
    assert write(to=found.address, sent=True).state == "sent"
    entry = AuditEntry.objects.get(action="mail.suppression_lifted")
    assert (entry.schema_name, entry.actor_label) == (alpha.schema_name, str(admin.email))


@pytest.mark.parametrize("reason", ["complaint", "unsubscribe"])
def test_what_a_reader_wished_is_theirs_to_undo(browse, admin, stop, reason):
    found = stop(reason=reason)
    client = browse(admin)
    assert "theirs to undo" in client.get(PAGE).content.decode()
    client.post(f"{PAGE}{found.pk}/lift/")
    answer = client.post(f"{API}{found.pk}/lift/", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (409, "suppression_wished")
    assert Suppression.objects.in_force().get() == found


def test_programs_list_and_lift_them(browse, admin, stop, django_assert_max_num_queries):
    for name in ("a", "b", "c"):
        found = stop(f"{name}@school.example")
    client = browse(admin)
    with django_assert_max_num_queries(14):
        assert len(client.get(API).json()["results"]) == 3
    lifted = client.post(f"{API}{found.pk}/lift/", content_type="application/json").json()
    assert lifted["lifted_at"]
    (left,) = client.get(f"{API}?in_force=false").json()["results"]
    assert left["id"] == str(found.pk)
    again = client.post(f"{API}{found.pk}/lift/", content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "suppression_lifted")


def test_outsiders_and_teachers_stay_outside(browse, outsider, teacher, admin, beta, stop):
    found, foreign = stop(), stop("foreign@school.example", schema_name="w_beta")
    for client in (browse(outsider), browse(outsider, tenant=beta), browse(teacher)):
        assert client.post(f"{PAGE}{found.pk}/lift/").status_code in REFUSED
        assert client.post(f"{API}{found.pk}/lift/").status_code in REFUSED
        assert found.address not in client.get(PAGE).content.decode()
    client = browse(admin)
    assert foreign.address not in client.get(PAGE).content.decode()
    assert client.get(f"{API}{foreign.pk}/").status_code == 404
    assert Suppression.objects.in_force().count() == 2


def test_people_see_what_is_kept_from_them_and_have_it_sent_again(browse, owner, teacher, stop):
    stop(owner.email, "complaint")
    stop(owner.email, "complaint", schema_name="public")
    page = "/accounts/mail/"
    assert "does not reach you" not in browse(teacher).get(page).content.decode()
    client = browse(owner)
    assert "Marked as spam" in client.get(page).content.decode()
    assert client.post(f"{page}again/").status_code == 302
    assert "does not reach you" not in client.get(page).content.decode()
    assert not Suppression.objects.in_force().exists()
