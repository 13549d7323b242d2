"""Another address: where the old one leads, for how long, and to whom it never belongs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.signals import pre_delete
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.core.errors import Invalid
from apps.tenants.access import Operator
from apps.tenants.errors import NotInThisState, PermissionMissing, SlugTaken, TooManyAddresses
from apps.tenants.models import Domain, Tenant
from apps.tenants.services import addresses, lifecycle, tenants
from tests.factories.gateway import make_key


@pytest.fixture
def renamed(alpha, owner):
    return addresses.rename(tenant=alpha, slug="omega", by=owner)


def test_it_keeps_its_schema_and_gets_a_host(renamed):
    assert (renamed.slug, renamed.host, renamed.schema_name) == (
        "omega", "omega.localhost", "w_alpha",
    )  # fmt: skip
    assert AuditEntry.objects.get(action="workspace.renamed").data == {
        "before": "alpha", "after": "omega",
    }  # fmt: skip


def test_the_new_host_is_the_workspace(renamed, browse, owner):
    assert browse(owner, tenant=renamed).get("/members/").status_code == 200


@pytest.mark.parametrize("path", ["/", "/members/?page=2", "/enter/?ticket=abc"])
def test_the_old_host_leads_to_the_same_page(alpha, browse, owner, path):
    client = browse(owner)
    renamed = addresses.rename(tenant=alpha, slug="omega", by=owner)
    answer = client.get(path)
    assert (answer.status_code, answer["Location"]) == (308, f"{renamed.url}{path}")
    assert "no-store" in answer["Cache-Control"], "or a browser goes in circles once it moves back"


def test_a_form_sent_to_the_old_host_is_not_sent_on(alpha, browse, owner):
    client = browse(owner)
    addresses.rename(tenant=alpha, slug="omega", by=owner)
    answer = client.post("/members/leave/")
    assert answer.status_code == 421
    assert "omega.localhost" in answer.content.decode()


def test_a_program_is_told_where_to_go(alpha, browse, owner):
    client = browse(owner)
    renamed = addresses.rename(tenant=alpha, slug="omega", by=owner)
    problem = client.get("/api/v1/experiences/").json()
    assert (problem["code"], problem["moved_to"]) == ("address_moved", renamed.url)


def test_nobody_else_gets_the_old_address(renamed, outsider):
    with pytest.raises(SlugTaken):
        tenants.create(name="Alpha", slug="alpha", kind="school", by=outsider)
    assert "taken" in tenants.slug_problem(slug="alpha")


def test_it_can_go_back(renamed, owner):
    back = addresses.rename(tenant=renamed, slug="alpha", by=owner)
    kinds = dict(back.domains.values_list("domain", "kind"))
    assert kinds == {"alpha.localhost": "own", "omega.localhost": "former"}


def test_after_ninety_days_the_old_address_is_let_go(renamed, beta, outsider):
    assert addresses.release_former() == 0
    Domain.objects.filter(kind="former").update(expires_at=timezone.now() - timedelta(1))
    assert addresses.release_former() == 1
    assert addresses.rename(tenant=beta, slug="alpha", by=outsider).slug == "alpha"


def test_one_that_is_moved_back_to_meanwhile_is_not_let_go(renamed, owner):
    newest = addresses.rename(tenant=renamed, slug="sigma", by=owner)
    newest.domains.filter(kind=Domain.Kind.FORMER).update(expires_at=timezone.now())

    def move_back(instance, **_):
        if instance.domain == "alpha.localhost":
            addresses.rename(tenant=newest, slug="omega", by=owner)

    pre_delete.connect(move_back, sender=Domain)
    try:
        assert addresses.release_former() == 1
    finally:
        pre_delete.disconnect(move_back, sender=Domain)
    assert newest.domains.get(kind=Domain.Kind.OWN).domain == "omega.localhost"


def test_a_newcomer_with_the_old_name_gets_another_schema(renamed, beta, outsider):
    Domain.objects.filter(kind="former").delete()
    newcomer = tenants.create(name="Alpha", slug="alpha", kind="school", by=outsider)
    assert newcomer.schema_name == "w_alpha_2"


@pytest.mark.parametrize("slug", ["beta", "admin", "A B", "x"])
def test_a_taken_or_impossible_address_is_refused(alpha, beta, owner, slug):
    with pytest.raises(SlugTaken):
        addresses.rename(tenant=alpha, slug=slug, by=owner)


def test_its_own_address_is_no_new_one(alpha, owner):
    with pytest.raises(Invalid):
        addresses.rename(tenant=alpha, slug="alpha", by=owner)


def test_addresses_are_not_hoarded(alpha, owner):
    for slug in ("one-one", "two-two", "three-three"):
        alpha = addresses.rename(tenant=alpha, slug=slug, by=owner)
    with pytest.raises(TooManyAddresses):
        addresses.rename(tenant=alpha, slug="four-four", by=owner)
    assert addresses.rename(tenant=alpha, slug="alpha", by=owner).slug == "alpha"


def test_only_an_open_workspace_moves(alpha, admin):
    closed = lifecycle.delete(tenant=alpha, confirmation="alpha", by=None)
    admin.is_staff = True
    with pytest.raises(NotInThisState):
        addresses.rename(tenant=closed, slug="omega", by=Operator(admin))


@pytest.mark.parametrize("who", ["admin", "teacher", "outsider"])
def test_only_owners_move_it(alpha, request, who):
    with pytest.raises(PermissionMissing):
        addresses.rename(tenant=alpha, slug="omega", by=request.getfixturevalue(who))


def test_no_key_moves_it(alpha):
    key, _ = make_key(alpha, scopes=["workspace.update"])
    with pytest.raises(PermissionMissing):
        addresses.rename(tenant=alpha, slug="omega", by=key)


def test_the_page_takes_its_owner_along(alpha, browse, owner):
    answer = browse(owner).post("/settings/closing/rename/", {"slug": "omega"})
    assert answer.status_code == 302
    assert answer.url.startswith(f"{Tenant.objects.get(slug='omega').url}/enter/?ticket=")


def test_the_page_says_what_is_wrong(browse, owner, beta):
    answer = browse(owner).post("/settings/closing/rename/", {"slug": "beta"})
    assert answer.status_code == 422
    assert "taken" in answer.content.decode()
