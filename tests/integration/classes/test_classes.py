"""Classes and their pupils, by service."""

from __future__ import annotations

import pytest

from apps.accounts.models import User
from apps.audit.models import AuditEntry
from apps.classes import rosters
from apps.classes.errors import ClassArchived, ClassNameTaken
from apps.classes.models import ClassPupil, ClassTeacher, Pupil, SchoolClass
from apps.classes.services import classes, pupils
from apps.core.errors import Invalid, NotAllowed, NotFound
from apps.tenants.errors import PermissionMissing
from apps.tenants.models import Membership
from apps.tenants.services import memberships
from apps.usage.errors import LimitReached
from tests.factories.classes import make_class, pupil_named
from tests.factories.tenants import MembershipFactory


def names(school_class):
    return [row.user.name for row in rosters.of(school_class)]


def place_of(name):
    return ClassPupil.objects.select_related("user", "school_class").get(user__name=name)


class TestClasses:
    def test_whoever_makes_one_teaches_it(self, school_class, teacher):
        assert [row.user for row in rosters.teachers_of(school_class)] == [teacher]
        entry = AuditEntry.objects.get(action="class.created")
        assert (entry.actor_id, entry.schema_name) == (teacher.pk, "w_alpha")

    def test_students_make_none(self, in_alpha, student):
        with pytest.raises(PermissionMissing):
            make_class(student)

    def test_teachers_have_their_own_and_admins_all(self, school_class, admin, alpha):
        other = MembershipFactory(tenant=alpha, role="teacher").user
        assert list(classes.visible(by=other)) == []
        with pytest.raises(NotFound):
            classes.find(class_id=school_class.pk, by=other)
        with pytest.raises(NotAllowed):
            classes.rename(school_class=school_class, name="Mine", by=other)
        assert list(classes.visible(by=admin)) == [school_class]
        classes.rename(school_class=school_class, name="7C", by=admin)

    def test_a_colleague_is_added_and_taken_off(self, school_class, teacher, alpha):
        other = MembershipFactory(tenant=alpha, role="teacher").user
        classes.add_teacher(school_class=school_class, user_id=other.pk, by=teacher)
        classes.remove_teacher(school_class=school_class, user_id=teacher.pk, by=other)
        assert list(classes.visible(by=other)) == [school_class]
        assert list(classes.visible(by=teacher)) == []

    def test_students_teach_nothing(self, school_class, teacher, student, outsider):
        for person in (student, outsider):
            with pytest.raises(Invalid):
                classes.add_teacher(school_class=school_class, user_id=person.pk, by=teacher)

    def test_one_name_once_among_open_ones(self, school_class, teacher):
        with pytest.raises(ClassNameTaken):
            make_class(teacher, "7b science")
        classes.set_archived(school_class=school_class, archived=True, by=teacher)
        make_class(teacher, "7B Science")
        with pytest.raises(ClassNameTaken):
            classes.set_archived(school_class=school_class, archived=False, by=teacher)

    @pytest.mark.parametrize("name", ["", "   ", "x" * 81])
    def test_a_name_is_a_name(self, in_alpha, teacher, name):
        with pytest.raises(Invalid):
            make_class(teacher, name)

    def test_the_plan_says_how_many(self, in_alpha, teacher):
        first = make_class(teacher, "One")
        make_class(teacher, "Two")
        with pytest.raises(LimitReached):
            make_class(teacher, "Three")
        classes.set_archived(school_class=first, archived=True, by=teacher)
        make_class(teacher, "Three")
        with pytest.raises(LimitReached):
            classes.set_archived(school_class=first, archived=False, by=teacher)

    def test_an_archived_one_is_left_as_it_is(self, school_class, teacher):
        classes.set_archived(school_class=school_class, archived=True, by=teacher)
        for deed in (
            lambda: classes.renew_code(school_class=school_class, by=teacher),
            lambda: classes.set_paused(school_class=school_class, paused=True, by=teacher),
            lambda: pupils.add(school_class=school_class, names=["Zoë"], by=teacher),
        ):
            with pytest.raises(ClassArchived):
                deed()


class TestPupils:
    def test_they_are_students_without_an_email(self, school_class, alpha):
        maya = pupil_named("Maya Lopez")
        membership = Membership.objects.get(user=maya.user)
        assert (membership.tenant, membership.role, maya.user.email) == (alpha, "student", "")
        assert not maya.user.has_usable_password()
        assert maya.state == "to_choose"

    def test_two_may_have_one_name(self, school_class, teacher):
        pupils.add(school_class=school_class, names=["Maya Lopez"], by=teacher)
        assert names(school_class) == ["Maya Lopez", "Maya Lopez", "Noah Kim"]

    def test_all_are_added_or_none(self, school_class, teacher):
        with pytest.raises(Invalid):
            pupils.add(school_class=school_class, names=["Zoë", "x" * 121], by=teacher)
        assert names(school_class) == ["Maya Lopez", "Noah Kim"]

    @pytest.mark.parametrize("wish", [[], ["x"] * 101])
    def test_one_to_a_hundred_at_once(self, school_class, teacher, wish):
        with pytest.raises(Invalid):
            pupils.add(school_class=school_class, names=wish, by=teacher)

    def test_they_are_seats(self, school_class, teacher, alpha):
        alpha.configuration = {**alpha.configuration, "limits": {"members": 4}}
        alpha.save(update_fields=["configuration"])
        with pytest.raises(LimitReached):
            pupils.add(school_class=school_class, names=["Zoë", "Ida"], by=teacher)
        assert User.objects.filter(email="").count() == 2

    def test_move(self, school_class, teacher):
        other = make_class(teacher, "8A")
        pupils.move(place=place_of("Noah Kim"), to=other, by=teacher)
        assert (names(school_class), names(other)) == (["Maya Lopez"], ["Noah Kim"])

    def test_no_move_to_a_class_of_others(self, school_class, teacher, admin):
        other = make_class(admin, "8A")
        with pytest.raises(NotAllowed):
            pupils.move(place=place_of("Noah Kim"), to=other, by=teacher)

    def test_out_of_the_last_class_the_account_goes(self, school_class, teacher):
        other = make_class(teacher, "8A")
        noah = pupil_named("Noah Kim").user
        pupils.enrol(school_class=other, user_id=noah.pk, by=teacher)
        pupils.remove(place=ClassPupil.objects.get(user=noah, school_class=other), by=teacher)
        assert User.objects.filter(pk=noah.pk).exists()
        pupils.remove(place=place_of("Noah Kim"), by=teacher)
        assert not User.objects.filter(pk=noah.pk).exists()
        assert not Membership.objects.filter(user_id=noah.pk).exists()
        assert not Pupil.objects.filter(user_id=noah.pk).exists()

    def test_a_student_with_an_email_stays_a_member(self, school_class, teacher, student):
        place = pupils.enrol(school_class=school_class, user_id=student.pk, by=teacher)
        pupils.remove(place=place, by=teacher)
        assert Membership.objects.filter(user=student).exists()

    def test_nobody_from_elsewhere_is_enrolled(self, school_class, teacher, outsider):
        for person in (outsider, teacher):
            with pytest.raises(Invalid):
                pupils.enrol(school_class=school_class, user_id=person.pk, by=teacher)

    def test_others_pupils_are_nobodys_business(self, school_class, alpha):
        other = MembershipFactory(tenant=alpha, role="teacher").user
        maya = pupil_named("Maya Lopez")
        with pytest.raises(NotFound):
            pupils.find(user_id=maya.user_id, by=other)
        for deed in (pupils.reset_pictures, pupils.renew_badge, pupils.unlock):
            with pytest.raises(NotAllowed):
                deed(pupil=maya, by=other)

    def test_whoever_leaves_has_no_place_any_more(self, school_class, teacher, owner, student):
        pupils.enrol(school_class=school_class, user_id=student.pk, by=teacher)
        for person in (teacher, student):
            memberships.remove(membership=Membership.objects.get(user=person), by=owner)
        assert not ClassTeacher.objects.exists()
        assert names(school_class) == ["Maya Lopez", "Noah Kim"]

    def test_each_workspace_has_its_own(self, school_class, beta):
        with beta:
            assert SchoolClass.objects.count() == 0
