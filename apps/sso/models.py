"""A workspace's own sign-in, and who comes in by it. Public rows: they are asked before anybody is
in a workspace.
"""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.encryption import EncryptedTextField
from apps.core.ids import uuid7
from apps.tenants.models import Tenant
from apps.tenants.permissions import Role


class ConnectionQuerySet(models.QuerySet["Connection"]):
    def with_last_sign_in(self) -> Self:
        """With `last_signed_in_at`, when the issuer last let somebody in; None for never."""
        return self.annotate(last_signed_in_at=models.Max("identities__last_used_at"))

    def failing(self) -> Self:
        """Those that nobody gets in by, as far as is known: the last trial found something wrong,
        or the last sign-in failed.
        """
        latest = models.Max("identities__last_used_at")
        spoiled = Q(last_failed_at__isnull=False) & (
            Q(latest_sign_in__isnull=True) | Q(latest_sign_in__lt=models.F("last_failed_at"))
        )
        return self.annotate(latest_sign_in=latest).filter(~Q(problem="") | spoiled)


class Connection(models.Model):
    """The issuer (OpenID Connect) of one workspace. Whether signing in by it is required stands on
    the workspace's row, `Tenant.sso_required`, which every request has at hand.
    """

    GIVEN = [(Role.STUDENT, "Student"), (Role.TEACHER, "Teacher"), (Role.ADMIN, "Admin")]

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, related_name="sso")
    name = models.CharField(max_length=40)
    issuer = models.CharField(max_length=500)
    client_id = models.CharField(max_length=255)
    client_secret = EncryptedTextField()
    email_domains = ArrayField(models.CharField(max_length=253), default=list, blank=True)
    # Who is let in without being a member yet: people of `email_domains`, as this.
    joins = models.BooleanField(default=False)
    default_role = models.CharField(max_length=10, choices=GIVEN, default=Role.TEACHER)
    # The last look at the issuer: when, and what was wrong (empty: nothing).
    tested_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    # The last sign-in that the issuer or the set-up spoiled: when, and how. People whom the
    # workspace does not let in are none.
    last_failed_at = models.DateTimeField(null=True, blank=True)
    last_failure = models.CharField(max_length=300, blank=True, default="", db_default="")
    created_at = models.DateTimeField(default=timezone.now)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        verbose_name = "sign-in of a workspace"
        verbose_name_plural = "sign-ins of workspaces"
        constraints = [
            models.CheckConstraint(
                condition=Q(joins=False) | ~Q(email_domains=[]), name="sso_joins_by_domain"
            ),
            models.CheckConstraint(
                condition=Q(default_role__in=[Role.STUDENT, Role.TEACHER, Role.ADMIN]),
                name="sso_default_role_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.issuer})"

    @property
    def works(self) -> bool:
        """Whether the last look at the issuer found nothing wrong."""
        return self.tested_at is not None and not self.problem

    def admits(self, email: str) -> bool:
        """Whether the address lies in a domain that the workspace named; any, if it named none."""
        domain = email.rpartition("@")[2].lower()
        return not self.email_domains or domain in self.email_domains


class Identity(models.Model):
    """A person as the issuer knows them: `subject` never changes there, an address does."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="identities")
    subject = models.CharField(max_length=255)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sso_identities"
    )
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "person of a sign-in"
        verbose_name_plural = "people of sign-ins"
        constraints = [
            models.UniqueConstraint(fields=["connection", "subject"], name="sso_subject_unique"),
            models.UniqueConstraint(fields=["connection", "user"], name="sso_person_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.user} by {self.connection.name}"
