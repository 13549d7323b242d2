"""Class code and pictures, and badges: through the pages that pupils see."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from time_machine import travel

from apps.audit.models import AuditEntry
from apps.classes import badges
from apps.classes.models import Pupil, SchoolClass
from apps.classes.services import classes, pupils, sign_in
from apps.core.attempts import SignInClosed
from apps.tenants.models import Membership
from apps.tenants.services import memberships
from tests.factories.classes import CHOSEN, WRONG, make_class, pupil_named, with_pictures


@pytest.fixture
def maya(school_class):
    return pupil_named("Maya Lopez")


def text(response):
    return response.content.decode()


def join(client, school_class, code=None):
    return client.post("/join/", {"code": code or school_class.shown_code}, follow=True)


def touch(client, pupil, chosen=CHOSEN, **more):
    """The pictures one after the other, as the buttons do it."""
    url, before = f"/join/class/{pupil.user_id}/", []
    for name in chosen:
        response = client.post(url, {"chosen": before, "picture": name})
        before.append(name)
    return client.post(url, {"chosen": before, **more}) if more else response


class TestCode:
    def test_leads_to_first_names(self, browse, school_class):
        page = join(browse(), school_class)
        assert "Maya L." in text(page)
        assert "Lopez" not in text(page)

    @pytest.mark.parametrize("typed", [str.lower, lambda code: f" {code[:2]} {code[2:]}. "])
    def test_is_read_as_people_type(self, browse, school_class, typed):
        assert "Maya L." in text(join(browse(), school_class, typed(school_class.code)))

    def test_all_that_is_wrong_looks_the_same(self, browse, school_class, teacher):
        answers = {text(join(browse(), school_class, "CCCCCC")).replace("CCCCCC", "")}
        codes = [school_class.code]
        classes.set_paused(school_class=school_class, paused=True, by=teacher)
        answers.add(_without_token(join(browse(), school_class, codes[0]), codes[0]))
        classes.set_archived(school_class=school_class, archived=True, by=teacher)
        answers.add(_without_token(join(browse(), school_class, codes[0]), codes[0]))
        answers = {_plain(answer) for answer in answers}
        assert len(answers) == 1

    def test_a_new_code_ends_the_old_one(self, browse, school_class, teacher):
        client, old = browse(), school_class.code
        join(client, school_class)
        classes.renew_code(school_class=school_class, by=teacher)
        assert client.get("/join/class/").status_code == 302
        assert "opens no class" in text(join(browse(), school_class, old))

    def test_guessing_ends_after_thirty(self, browse, school_class):
        client = browse()
        for _ in range(30):
            client.post("/join/", {"code": "CCCCCC"})
        assert client.post("/join/", {"code": school_class.code}).status_code == 429

    def test_another_address_goes_on(self, browse, school_class):
        for _ in range(30):
            browse().post("/join/", {"code": "CCCCCC"})
        there = browse().post("/join/", {"code": school_class.code}, REMOTE_ADDR="10.1.1.1")
        assert there.status_code == 302

    def test_no_counting_no_sign_in(self, school_class, settings):
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        with pytest.raises(SignInClosed):
            sign_in.find_class(code=school_class.code, address="10.0.0.1")

    def test_a_code_of_another_workspace_opens_nothing(self, browse, school_class, beta):
        page = browse(tenant=beta).post("/join/", {"code": school_class.code})
        assert "opens no class" in text(page)

    def test_without_the_code_no_names(self, browse, maya):
        assert browse().get("/join/class/").status_code == 302
        assert browse().get(f"/join/class/{maya.user_id}/").status_code == 302


class TestPictures:
    def test_the_first_time_they_are_chosen(self, browse, school_class, maya):
        client = browse()
        join(client, school_class)
        assert "These are your pictures" in text(touch(client, maya))
        assert touch(client, maya, keep="1").status_code == 302
        assert "Welcome, Maya" in text(client.get("/"))
        maya.refresh_from_db()
        assert maya.state == "ready"
        assert not set(CHOSEN) & set(maya.picture_hash.split(","))

    def test_then_they_open_the_door(self, browse, school_class, maya):
        with_pictures(maya)
        client = browse()
        join(client, school_class)
        assert touch(client, maya).status_code == 302
        assert client.get("/").status_code == 200
        assert client.session.get_expiry_age() <= 6 * 3600

    @pytest.mark.parametrize("chosen", [WRONG, ("sun", "cat", "boat"), ("cat", "cat", "cat")])
    def test_others_do_not(self, browse, school_class, maya, chosen):
        with_pictures(maya)
        client = browse()
        join(client, school_class)
        assert "not your pictures" in text(touch(client, maya, chosen))
        assert client.get("/").status_code == 302

    def test_the_same_pictures_are_anothers_hash(self, maya):
        noah = with_pictures(pupil_named("Noah Kim"))
        assert with_pictures(maya).picture_hash != noah.picture_hash

    def test_five_wrong_ones_lock_for_a_minute(self, browse, school_class, maya):
        with_pictures(maya)
        client = browse()
        join(client, school_class)
        for _ in range(5):
            touch(client, maya, WRONG)
        assert "too many tries" in text(touch(client, maya))
        assert AuditEntry.objects.filter(action="pupil.locked").count() == 1
        with travel(timezone.now() + timedelta(seconds=61)):
            assert touch(client, maya).status_code == 302

    def test_locks_grow_to_fifteen_minutes(self, maya):
        with_pictures(maya)
        lengths = []
        for _ in range(4):
            for _ in range(5):
                sign_in._try(maya, WRONG)
            maya.refresh_from_db()
            lengths.append(round((maya.locked_until - timezone.now()).total_seconds() / 60))
            Pupil.objects.update(locked_until=timezone.now())
        assert lengths == [1, 5, 15, 15]

    def test_nobody_else_is_locked_and_the_badge_still_works(self, browse, school_class, maya):
        noah = with_pictures(pupil_named("Noah Kim"))
        with_pictures(maya)
        client = browse()
        join(client, school_class)
        for _ in range(5):
            touch(client, maya, WRONG)
        assert touch(client, noah).status_code == 302
        assert browse().post(badges.path_of(maya)).status_code == 302

    def test_the_teacher_lifts_the_lock(self, school_class, maya, teacher):
        with_pictures(maya)
        for _ in range(5):
            sign_in._try(maya, WRONG)
        assert pupil_named("Maya Lopez").state == "locked"
        assert pupils.unlock(pupil=maya, by=teacher).state == "ready"

    def test_chosen_ones_are_not_replaced_by_whoever_has_the_code(self, browse, school_class, maya):
        before = with_pictures(maya).picture_hash
        client = browse()
        join(client, school_class)
        touch(client, maya, WRONG, keep="1")
        maya.refresh_from_db()
        assert maya.picture_hash == before

    def test_choosing_ends_after_two_weeks(self, browse, school_class, maya):
        with travel(timezone.now() + timedelta(days=15)):
            client = browse()
            join(client, school_class)
            page = client.get(f"/join/class/{maya.user_id}/")
            assert "Come in with your badge" in text(page)
            assert touch(client, maya, keep="1").status_code == 403

    def test_a_teacher_resets_them(self, browse, school_class, maya, teacher):
        with_pictures(maya)
        assert pupils.reset_pictures(pupil=maya, by=teacher).state == "to_choose"

    def test_a_signed_in_pupil_chooses_others(self, browse, school_class, maya):
        client = browse(with_pictures(maya).user)
        assert "Choose new pictures" in text(client.get("/my-pictures/"))
        client.post("/my-pictures/", {"chosen": WRONG, "keep": "1"})
        assert sign_in._try(maya, WRONG)
        assert not sign_in._try(maya, CHOSEN)

    def test_people_with_an_email_have_none(self, browse, teacher, alpha):
        assert browse(teacher).get("/my-pictures/").status_code == 404

    def test_a_suspended_pupil_stays_out(self, browse, school_class, maya, admin):
        with_pictures(maya)
        membership = Membership.objects.get(user=maya.user)
        memberships.suspend(membership=membership, by=admin)
        client = browse()
        join(client, school_class)
        assert touch(client, maya).status_code == 403
        assert browse().post(badges.path_of(maya)).status_code == 403


class TestBadge:
    def test_looking_does_nothing_the_button_lets_in(self, browse, maya):
        client, path = browse(), badges.path_of(maya)
        page = client.get(path)
        assert "Hello, Maya L.!" in text(page)
        assert "Lopez" not in text(page)
        assert page["Referrer-Policy"] == "same-origin"
        assert client.get("/").status_code == 302
        assert client.post(path).status_code == 302
        assert client.get("/").status_code == 200

    def test_a_forged_or_cut_one_opens_nothing(self, browse, maya):
        path = badges.path_of(maya)
        for wrong in (path[:-2] + "/", path.replace(".", "x."), "/join/badge/a.b/"):
            assert browse().post(wrong).status_code == 403

    def test_a_new_one_ends_the_old(self, browse, maya, teacher):
        old = badges.path_of(maya)
        renewed = pupils.renew_badge(pupil=maya, by=teacher)
        assert browse().post(old).status_code == 403
        assert browse().post(badges.path_of(renewed)).status_code == 302

    def test_and_whoever_is_in_with_it_is_out(self, browse, maya, teacher):
        client = browse()
        client.post(badges.path_of(maya))
        assert client.get("/").status_code == 200
        pupils.renew_badge(pupil=maya, by=teacher)
        assert client.get("/").status_code == 302

    def test_a_paused_class_is_closed_to_badges_too(self, browse, maya, school_class, teacher):
        classes.set_paused(school_class=school_class, paused=True, by=teacher)
        assert browse().post(badges.path_of(maya)).status_code == 403

    def test_it_outlives_a_change_of_the_secret_key(self, browse, maya, settings):
        path, old = badges.path_of(maya), settings.SECRET_KEY
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another" * 8, [old]
        assert browse().post(path).status_code == 302

    def test_a_badge_of_another_workspace_opens_nothing(self, browse, maya, beta):
        assert browse(tenant=beta).post(badges.path_of(maya)).status_code == 403

    def test_teachers_print_them(self, browse, school_class, maya, teacher):
        page = browse(teacher).get(f"/classes/{school_class.pk}/badges/")
        assert text(page).count('class="qr"') == 2
        one = browse(teacher).get(f"/classes/{school_class.pk}/badges/?pupil={maya.user_id}")
        assert text(one).count('class="qr"') == 1


class TestFewRights:
    @pytest.mark.parametrize(
        "path",
        ["/members/", "/classes/", "/releases/", "/api-keys/", "/children/", "/settings/"],
    )
    def test_pages_of_others_are_closed(self, browse, maya, path):
        assert browse(maya.user).get(path).status_code == 403

    @pytest.mark.parametrize("path", ["/accounts/email/", "/accounts/password/change/"])
    def test_there_are_no_account_settings(self, browse, maya, path):
        response = browse(maya.user).get(path)
        assert (response.status_code, response["Location"]) == (302, "/")

    def test_signing_out_works(self, browse, maya):
        client = browse(maya.user)
        client.post("/accounts/logout/")
        assert client.get("/").status_code == 302


def test_a_class_signs_in_without_a_growing_number_of_queries(
    browse, school_class, teacher, django_assert_num_queries
):
    client = browse()
    join(client, school_class)
    client.get("/join/class/")
    with django_assert_num_queries(3):
        client.get("/join/class/")
    pupils.add(school_class=school_class, names=["A B", "C D", "E F"], by=teacher)
    with django_assert_num_queries(3):
        client.get("/join/class/")


def test_signing_in_elsewhere_opens_no_other_class(browse, school_class, maya, teacher):
    other = make_class(teacher, "8A", "Zoë Berg")
    client = browse()
    join(client, other)
    assert client.get(f"/join/class/{maya.user_id}/").status_code == 404
    assert SchoolClass.objects.count() == 2


def _without_token(response, code):
    return text(response).replace(code, "")


def _plain(page):
    return re.sub(
        r'(csrfmiddlewaretoken" value=|csrf-token" content=|X-CSRFToken": )"[^"]+"', "", page
    )
