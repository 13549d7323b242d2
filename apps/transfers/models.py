"""Files that leave, files that arrive, and whom this installation takes files from."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.encryption import EncryptedTextField
from apps.core.ids import uuid7
from apps.tenants.models import Tenant

KEPT_FOR = timedelta(days=7)


class ExportQuerySet(models.QuerySet["Export"]):
    def under_way(self) -> Self:
        return self.filter(state=Export.State.RUNNING)

    def over(self) -> Self:
        """Whose file is to be removed."""
        return self.filter(state=Export.State.READY, expires_at__lte=timezone.now())


class Export(models.Model):
    """A workspace as one file, kept for a week."""

    class State(models.TextChoices):
        RUNNING = "running", "Being made"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"
        EXPIRED = "expired", "Removed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="exports")
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    with_media = models.BooleanField("with stored files", default=True)
    recipient = models.CharField("encrypted to", max_length=80, blank=True)
    run_id = models.UUIDField("job", null=True, blank=True)
    storage_name = models.CharField(max_length=200, blank=True)
    size = models.BigIntegerField(default=0, help_text="bytes")
    sha256 = models.CharField(max_length=64, blank=True)
    rows = models.BigIntegerField(default=0)
    files = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=500, blank=True)
    asked_by_id = models.UUIDField(null=True, blank=True)
    asked_by = models.CharField(max_length=254)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    downloaded_at = models.DateTimeField("last downloaded", null=True, blank=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"], condition=Q(state="running"), name="export_one_under_way"
            ),
            models.CheckConstraint(
                condition=~Q(state="ready")
                | (~Q(storage_name="") & ~Q(sha256="") & Q(expires_at__isnull=False)),
                name="export_ready_has_file",
            ),
        ]

    def __str__(self) -> str:
        return f"Export of {self.tenant}, {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def filename(self) -> str:
        """What browsers save it as."""
        ending = "tar.sealed" if self.recipient else "tar"
        return f"{self.tenant.slug}-{self.created_at:%Y-%m-%d}.{ending}"


class Import(models.Model):
    """A workspace that came, or was to come, as a file; also one that was cloned here."""

    class State(models.TextChoices):
        RUNNING = "running", "Being taken in"
        DONE = "done", "Done"
        FAILED = "failed", "Refused"

    class Kind(models.TextChoices):
        IMPORT = "import", "Import"
        CLONE = "clone", "Clone"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.IMPORT)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    # Plain values: the row tells of workspaces that are gone, and of some that never came to be.
    schema_name = models.CharField("workspace", max_length=63)
    slug = models.CharField(max_length=40)
    source = models.CharField("came from", max_length=300)
    signer = models.CharField("signed by", max_length=80, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    options = models.JSONField(default=dict)
    # The private key of an encrypted file, for as long as the job needs it.
    opener = EncryptedTextField(blank=True)
    run_id = models.UUIDField("job", null=True, blank=True)
    rows = models.BigIntegerField(default=0)
    files = models.PositiveIntegerField(default=0)
    to_do = models.JSONField(default=list)
    problem = models.CharField(max_length=500, blank=True)
    asked_by_id = models.UUIDField(null=True, blank=True)
    asked_by = models.CharField(max_length=254)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["schema_name"], condition=Q(state="running"), name="import_one_under_way"
            ),
            models.CheckConstraint(
                condition=Q(state="running") | Q(opener=""), name="import_over_keeps_no_key"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} to {self.slug}, {self.created_at:%Y-%m-%d %H:%M}"


class SigningKey(models.Model):
    """What this installation signs its exports with; made once. The newest is used."""

    public = models.CharField("public key", max_length=80, unique=True)
    private = EncryptedTextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.public


class TrustedKey(models.Model):
    """Another installation whose exports are taken in."""

    public = models.CharField("public key", max_length=80, unique=True)
    name = models.CharField(max_length=100)
    added_by = models.CharField(max_length=254)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
