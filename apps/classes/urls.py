from __future__ import annotations

from django.urls import path

from apps.classes.views import classes, join, people, pupils

CLASS = "classes/<uuid:pk>/"
PUPIL = CLASS + "pupils/<uuid:user_id>/"
AWAITED = PUPIL + "guardians/awaited/<uuid:awaited_id>/"

urlpatterns = [
    path("join/", join.code, name="join"),
    path("join/class/", join.roster, name="join_class"),
    path("join/class/<uuid:user_id>/", join.pupil, name="join_pupil"),
    path("join/badge/<str:token>/", join.badge, name="join_badge"),
    path("my-pictures/", people.my_pictures, name="my_pictures"),
    path("children/", people.children, name="children"),
    path("classes/", classes.index, name="classes"),
    path("classes/new/", classes.new, name="class_new"),
    path(CLASS, classes.detail, name="class"),
    path(CLASS + "rename/", classes.rename, name="class_rename"),
    path(CLASS + "code/", classes.renew_code, name="class_code"),
    path(CLASS + "pause/", classes.pause, name="class_pause"),
    path(CLASS + "archive/", classes.archive, name="class_archive"),
    path(CLASS + "teachers/", classes.add_teacher, name="class_teacher_add"),
    path(
        CLASS + "teachers/<uuid:user_id>/remove/",
        classes.remove_teacher,
        name="class_teacher_remove",
    ),
    path(CLASS + "enrol/", classes.enrol, name="class_enrol"),
    path(CLASS + "badges/", pupils.sheet, name="class_badges"),
    path(CLASS + "pupils/", pupils.add, name="class_pupils_add"),
    path(PUPIL, pupils.detail, name="class_pupil"),
    path(PUPIL + "rename/", pupils.rename, name="class_pupil_rename"),
    path(PUPIL + "move/", pupils.move, name="class_pupil_move"),
    path(PUPIL + "remove/", pupils.remove, name="class_pupil_remove"),
    path(PUPIL + "pictures/", pupils.reset_pictures, name="class_pupil_pictures"),
    path(PUPIL + "unlock/", pupils.unlock, name="class_pupil_unlock"),
    path(PUPIL + "badge/", pupils.renew_badge, name="class_pupil_badge"),
    path(PUPIL + "guardians/", pupils.invite_guardian, name="class_guardian_invite"),
    path(AWAITED + "resend/", pupils.resend_guardian, name="class_guardian_resend"),
    path(AWAITED + "withdraw/", pupils.withdraw_guardian, name="class_guardian_withdraw"),
    path(
        PUPIL + "guardians/<uuid:guardianship_id>/unlink/",
        pupils.unlink_guardian,
        name="class_guardian_unlink",
    ),
]
