from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.encryption import EncryptedTextField
from apps.core.ids import uuid7

if TYPE_CHECKING:
    from .deployments import Deployment


class Experience(models.Model):
    """A Roblox experience (universe) that this workspace releases to."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=60, unique=True)
    universe_id = models.BigIntegerField(
        "universe ID", unique=True, validators=[MinValueValidator(1)]
    )
    created_by_id = models.UUIDField(null=True, blank=True)
    created_by_label = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(universe_id__gt=0), name="universe_id_positive")
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/experiences/{self.slug}/"


class EnvironmentQuerySet(models.QuerySet["Environment"]):
    def with_live(self) -> EnvironmentQuerySet:
        """Prefetches what `live_deployment` reads."""
        from .deployments import Deployment

        return self.prefetch_related(
            models.Prefetch(
                "deployments",
                Deployment.objects.latest_succeeded().select_related("release"),
                to_attr="live",
            )
        )


class Environment(models.Model):
    """Where releases go: a place of the experience, and the Open Cloud key that may publish it."""

    class Kind(models.TextChoices):
        STAGING = "staging", "Staging"
        PRODUCTION = "production", "Production"

    class KeyState(models.TextChoices):
        MISSING = "missing", "No key yet"
        OK = "ok", "Working"
        REFUSED = "refused", "Refused by Roblox"
        EXPIRING = "expiring", "Expires soon"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    experience = models.ForeignKey(
        Experience, on_delete=models.CASCADE, related_name="environments"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    place_id = models.BigIntegerField(
        "place ID", null=True, blank=True, validators=[MinValueValidator(1)]
    )
    api_key = EncryptedTextField("Open Cloud API key", blank=True)
    key_hint = models.CharField(max_length=8, blank=True, help_text="the key's last characters")
    key_state = models.CharField(max_length=10, choices=KeyState.choices, default=KeyState.MISSING)
    key_detail = models.CharField(max_length=300, blank=True)
    key_scopes = models.JSONField(default=list, blank=True)
    key_owner = models.CharField(max_length=40, blank=True)
    key_expires_at = models.DateTimeField(null=True, blank=True)
    key_checked_at = models.DateTimeField(null=True, blank=True)

    objects = EnvironmentQuerySet.as_manager()

    class Meta:
        ordering = ["-kind"]  # staging, then production
        constraints = [
            models.UniqueConstraint(fields=["experience", "kind"], name="environment_unique"),
            models.UniqueConstraint(fields=["place_id"], name="environment_place_unique"),
            models.CheckConstraint(
                condition=Q(kind__in=("staging", "production")), name="environment_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.experience} {self.get_kind_display().lower()}"

    @property
    def is_ready(self) -> bool:
        return bool(self.place_id and self.api_key and self.key_state != self.KeyState.REFUSED)

    @property
    def lane(self) -> str:
        """What shares the limits of the key's owner on Roblox (`jobs.services.lanes`)."""
        return f"roblox:{self.key_owner or self.pk}"

    @property
    def live_deployment(self) -> Deployment | None:
        """The deployment whose release this place now runs."""
        if "live" not in self.__dict__:
            self.__dict__["live"] = list(
                self.deployments.latest_succeeded().select_related("release")
            )
        found: list[Any] = self.__dict__["live"]
        return found[0] if found else None
