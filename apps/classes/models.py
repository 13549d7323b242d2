"""Classes, who teaches them, who is in them, and the ways in of pupils without an e-mail."""

from __future__ import annotations

import secrets
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from apps.core.ids import uuid7

# No letter that is taken for another or for a digit, and no vowels: codes spell no words.
ALPHABET = "CDFGHJKMNPQRTVWX34679"
CODE_LENGTH = 6
NONCE_BYTES = 12


def new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def new_nonce() -> str:
    return secrets.token_urlsafe(NONCE_BYTES)


def person(kind: type[models.ForeignKey[Any, Any]] = models.ForeignKey) -> Any:
    """A reference to a person in the public schema. Rows go with the membership, by a signal:
    whoever deletes a person elsewhere cannot reach into all workspaces.
    """
    return kind(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, db_constraint=False,
        related_name="+",
    )  # fmt: skip


class SchoolClassQuerySet(models.QuerySet["SchoolClass"]):
    def open(self) -> Self:
        return self.filter(archived_at__isnull=True)

    def joinable(self) -> Self:
        """Those whose pupils may sign in now."""
        return self.open().filter(paused_at__isnull=True)

    def taught_by(self, user: Any) -> Self:
        return self.filter(teachers__user=user)


class SchoolClass(models.Model):
    """Pupils who learn together, with their teachers. Pages and API say class."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=80)
    # What pupils type to come in. Not a secret that protects anything by itself: it only leads to
    # the list of first names, so it is stored as it is and shown to teachers.
    code = models.CharField(max_length=8, unique=True, default=new_code)
    paused_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_by_id = models.UUIDField(null=True, blank=True)
    created_by_label = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = SchoolClassQuerySet.as_manager()

    class Meta:
        verbose_name = "class"
        verbose_name_plural = "classes"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), condition=Q(archived_at__isnull=True), name="class_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.archived_at is None

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None

    @property
    def shown_code(self) -> str:
        """In two halves, as one reads it from a board."""
        half = CODE_LENGTH // 2
        return f"{self.code[:half]}-{self.code[half:]}"

    def get_absolute_url(self) -> str:
        return f"/classes/{self.pk}/"


class ClassTeacher(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    school_class = models.ForeignKey(SchoolClass, models.CASCADE, related_name="teachers")
    user = person()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["school_class", "user"], name="class_teacher_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} teaches {self.school_class}"


class ClassPupil(models.Model):
    """A student's place on the roster of a class."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    school_class = models.ForeignKey(SchoolClass, models.CASCADE, related_name="pupils")
    user = person()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["school_class", "user"], name="class_pupil_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.school_class}"


class Pupil(models.Model):
    """A student without an e-mail, whom teachers look after, and the ways in they have."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = person(models.OneToOneField)
    # A keyed hash of the pictures in their order; empty until they are chosen.
    picture_hash = models.CharField(max_length=64, blank=True)
    choose_until = models.DateTimeField(null=True, blank=True)
    # What the badge's address is signed over; another one ends every badge printed before.
    badge_nonce = models.CharField(max_length=24, unique=True, default=new_nonce)
    wrong_tries = models.PositiveSmallIntegerField(default=0)
    locks = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)
    last_signed_in_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return str(self.user)

    @property
    def is_locked(self) -> bool:
        return self.locked_until is not None and self.locked_until > timezone.now()

    @property
    def may_choose(self) -> bool:
        """Whether whoever comes with the class code may set the pictures."""
        open_now = self.choose_until is not None and self.choose_until > timezone.now()
        return not self.picture_hash and open_now

    @property
    def state(self) -> str:
        """One of locked, ready, to_choose, badge_only."""
        if self.is_locked:
            return "locked"
        if self.picture_hash:
            return "ready"
        return "to_choose" if self.may_choose else "badge_only"

    @property
    def display_name(self) -> str:
        """First name and initial: all that a class sees of another before signing in."""
        return display_name(self.user.name)


def display_name(name: str) -> str:
    first, _, rest = " ".join(name.split()).partition(" ")
    return f"{first} {rest.rpartition(' ')[2][0].upper()}." if rest else first


class Guardianship(models.Model):
    """A guardian and one of their children here."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    guardian = person()
    child = person()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["guardian", "child"], name="guardianship_once"),
            models.CheckConstraint(
                condition=~Q(guardian=models.F("child")), name="guardianship_of_another"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.guardian}, guardian of {self.child}"


class AwaitedGuardian(models.Model):
    """Who becomes the child's guardian once the invitation to this address is accepted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(max_length=254)
    child = person()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint("child", Lower("email"), name="awaited_guardian_once")
        ]

    def __str__(self) -> str:
        return f"{self.email}, invited for {self.child}"
