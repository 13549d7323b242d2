"""The teachers' pages: what they do, and who is kept out of them."""

from __future__ import annotations

import pytest

from apps.classes.models import SchoolClass
from apps.classes.services import pupils
from tests.factories.classes import make_class, pupil_named
from tests.factories.tenants import MembershipFactory


def text(response):
    return response.content.decode()


@pytest.fixture
def maya(school_class):
    return pupil_named("Maya Lopez")


def urls(school_class, user_id):
    """Every page about one class and one pupil."""
    base = f"/classes/{school_class.pk}/"
    pupil = f"{base}pupils/{user_id}/"
    gets = [base, f"{base}badges/", pupil]
    posts = [
        *(f"{base}{deed}/" for deed in ("rename", "code", "pause", "archive", "teachers", "enrol")),
        f"{base}teachers/{user_id}/remove/", f"{base}pupils/",
        *(f"{pupil}{deed}/" for deed in (
            "rename", "move", "remove", "pictures", "unlock", "badge", "guardians",
            f"guardians/awaited/{user_id}/resend", f"guardians/awaited/{user_id}/withdraw",
            f"guardians/{user_id}/unlink",
        )),
    ]  # fmt: skip
    return gets, posts


def test_from_an_empty_page_to_a_full_class(browse, teacher, in_alpha):
    client = browse(teacher)
    assert "No class yet" in text(client.get("/classes/"))
    client.post("/classes/new/", {"name": "7B"})
    made = SchoolClass.objects.get()
    page = client.post(
        f"/classes/{made.pk}/pupils/", {"names": "1. Maya Lopez\nKim, Noah\n"}, follow=True
    )
    assert "Noah Kim" in text(page)
    assert made.shown_code in text(page)


def test_what_was_typed_is_not_lost(browse, teacher, school_class):
    client = browse(teacher)
    long = f"Zoë\n{'x' * 121}"
    page = client.post(f"/classes/{school_class.pk}/pupils/", {"names": long})
    assert (page.status_code, "Zoë" in text(page)) == (422, True)
    again = client.post("/classes/new/", {"name": "7B Science"})
    assert (again.status_code, "already" in text(again)) == (422, True)


def test_every_deed_of_a_teacher(browse, teacher, school_class, maya):
    client = browse(teacher)
    other = make_class(teacher, "8A")
    base = f"/classes/{school_class.pk}/"
    pupil = f"{base}pupils/{maya.user_id}/"
    deeds = [
        (f"{base}rename/", {"name": "7C"}), (f"{base}code/", {}), (f"{base}pause/", {"paused": 1}),
        (f"{base}pause/", {}), (f"{pupil}rename/", {"name": "Maya L"}), (f"{pupil}pictures/", {}),
        (f"{pupil}unlock/", {}), (f"{pupil}badge/", {}), (f"{pupil}move/", {"person": other.pk}),
    ]  # fmt: skip
    for url, data in deeds:
        response = client.post(url, data)
        assert response.status_code == 302, url
    school_class.refresh_from_db()
    assert (school_class.name, school_class.is_paused) == ("7C", False)
    assert other.pupils.count() == 1
    client.post(f"/classes/{other.pk}/pupils/{maya.user_id}/remove/")
    client.post(f"{base}archive/", {"archived": 1})
    assert "7C" in text(client.get("/classes/?archived=1"))


@pytest.mark.parametrize("who", ["student", "outsider", "colleague", "nobody"])
def test_others_are_kept_out(request, browse, alpha, school_class, maya, who):
    people = {
        "colleague": lambda: MembershipFactory(tenant=alpha, role="teacher").user,
        "nobody": lambda: None,
    }
    person = people.get(who, lambda: request.getfixturevalue(who))()
    client = browse(person)
    expected = {"colleague": {404}, "nobody": {302}}.get(who, {403})
    gets, posts = urls(school_class, maya.user_id)
    for url in gets:
        assert client.get(url).status_code in expected, url
    for url in posts:
        assert client.post(url).status_code in expected, url


def test_at_home_an_outsider_finds_none_of_it(browse, outsider, beta, school_class, maya):
    client = browse(outsider, tenant=beta)
    gets, posts = urls(school_class, maya.user_id)
    assert {client.get(url).status_code for url in gets} == {404}
    assert {client.post(url).status_code for url in posts} == {404}


def test_lists_take_as_many_queries_whatever_their_length(
    browse, admin, teacher, school_class, django_assert_num_queries, django_assert_max_num_queries
):
    client = browse(admin)
    paths = ["/classes/", f"/classes/{school_class.pk}/", f"/classes/{school_class.pk}/badges/"]
    for path in paths:
        client.get(path)
    counted = []
    for path in paths:
        with django_assert_max_num_queries(40) as queries:
            client.get(path)
        counted.append(len(queries))
    make_class(teacher, "8A", "Ida Berg", "Omar Haddad")
    pupils.add(school_class=school_class, names=["Zoë Berg", "Ben Ito"], by=teacher)
    for path, number in zip(paths, counted, strict=True):
        with django_assert_num_queries(number):
            client.get(path)


def test_the_members_page_copes_with_people_without_an_email(browse, admin, school_class):
    page = text(browse(admin).get("/members/"))
    assert "Maya Lopez" in page
    assert "signs in with the class code" in page


def test_two_who_are_shown_alike_are_pointed_out(browse, teacher, school_class):
    client = browse(teacher)
    names = f"/classes/{school_class.pk}/pupils/"
    page = client.post(names, {"names": "Maya Lima"}, follow=True)
    assert "More than one in this class is shown as Maya L." in text(page)
    renamed = pupil_named("Maya Lima")
    pupils.rename(pupil=renamed, name="Maya-Ann Lima", by=teacher)
    page = client.post(names, {"names": "Zoe Berg"}, follow=True)
    assert "More than one" not in text(page)


def test_suspended_students_are_not_offered(browse, teacher, student, alpha, school_class):
    page = f"/classes/{school_class.pk}/"
    assert "Sara Student" in text(browse(teacher).get(page))
    alpha.memberships.filter(user=student).update(suspended_at=school_class.created_at)
    assert "Sara Student" not in text(browse(teacher).get(page))
