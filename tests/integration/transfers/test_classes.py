"""Classes move with their people; pupils have no e-mail to be known by."""

from __future__ import annotations

import pytest

from apps.accounts.models import User
from apps.classes import badges, rosters
from apps.classes.models import ClassTeacher, Guardianship, Pupil, SchoolClass
from apps.tenants.models import Membership, Tenant
from tests.factories.classes import make_class, pupil_named, with_pictures
from tests.factories.transfers import export_file, take_in
from tests.integration.transfers.test_clones import clone

pytestmark = pytest.mark.django_db


@pytest.fixture
def school(alpha, owner, teacher, admin):
    """Alpha with a class, a pupil who has pictures, and a guardian who is a member."""
    with alpha:
        make_class(teacher, "7B", "Maya Lopez", "Noah Kim")
        maya = with_pictures(pupil_named("Maya Lopez"))
        Guardianship.objects.create(guardian=admin, child=maya.user)
    return alpha


def test_pupils_arrive_as_new_people(school, tmp_path):
    record = take_in(export_file(school, tmp_path / "a.tar"), slug="gamma")
    assert record.problem == ""
    with Tenant.objects.get(slug="gamma") as gamma:
        there = rosters.of(SchoolClass.objects.get())
        names = [row.user.name for row in there]
        links = list(Guardianship.objects.values_list("guardian__name", "child__name"))
    with school:
        here = {row.user.pk for row in rosters.of(SchoolClass.objects.get())}
    assert names == ["Maya Lopez", "Noah Kim"]
    assert links == [("Adam Admin", "Maya Lopez")]
    assert not here & {row.user.pk for row in there}
    for row in there:
        membership = Membership.objects.get(user=row.user)
        assert (membership.tenant, membership.role, row.user.email) == (gamma, "student", "")


def test_their_badges_are_printed_anew(school, tmp_path, browse):
    with school:
        path = badges.path_of(pupil_named("Maya Lopez"))
    take_in(export_file(school, tmp_path / "a.tar"), slug="gamma")
    assert browse(tenant=Tenant.objects.get(slug="gamma")).post(path).status_code == 403


def test_a_sandbox_has_the_classes_and_nobody_in_them(school, teacher):
    before = User.objects.filter(email="").count()
    with clone(school, "sandbox-a"):
        copy = SchoolClass.objects.get()
        assert (Pupil.objects.count(), ClassTeacher.objects.count()) == (0, 0)
        assert rosters.of(copy) == []
    with school:
        original = SchoolClass.objects.get()
    assert copy.name != original.name
    assert copy.code != original.code
    assert User.objects.filter(email="").count() == before
