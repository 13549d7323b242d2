"""A workspace's own domains that mail comes from."""

from __future__ import annotations

from typing import Any, Final, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.encryption import EncryptedTextField
from apps.core.ids import uuid7
from apps.tenants.models import Tenant

# As `SenderDomain.state` says it of one row.
_UNPREPARED = Q(signer="sendgrid", vendor_id="")
STATES: Final = {
    "preparing": ("Being set up", _UNPREPARED & Q(failed_at=None)),
    "failed": ("Not taken by SendGrid", _UNPREPARED & Q(failed_at__isnull=False)),
    "waiting": ("Waits for its records", ~_UNPREPARED & Q(is_live=False, verified_at__isnull=True)),
    "verified": ("Verified", Q(is_live=True, missing_since__isnull=True)),
    "unseen": ("Records have vanished", Q(is_live=True, missing_since__isnull=False)),
    "off": ("Switched off", ~_UNPREPARED & Q(is_live=False, verified_at__isnull=False)),
}


class SenderDomainQuerySet(models.QuerySet["SenderDomain"]):
    def of_workspace(self, schema_name: str) -> Self:
        return self.filter(tenant__schema_name=schema_name)

    def verified(self) -> Self:
        return self.filter(is_live=True)

    def prepared(self) -> Self:
        """Those whose records are known."""
        return self.exclude(_UNPREPARED)

    def in_state(self, state: str) -> Self:
        return self.filter(STATES[state][1])


class SenderDomain(models.Model):
    """A domain that a workspace's mail comes from once its records stand.

    Who signs says `signer`: SendGrid, which calls it `vendor_id`, or the product by `private_key`.
    `records` are `apps.mail.sender_records.Record`s with what was last found of each.
    """

    class Signer(models.TextChoices):
        OWN = "own", "The product"
        SENDGRID = "sendgrid", "SendGrid"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="sender_domains")
    domain = models.CharField(max_length=253)
    local_part = models.CharField(max_length=64)
    from_name = models.CharField(max_length=100, blank=True)
    signer = models.CharField(max_length=10, choices=Signer.choices)
    vendor_id = models.CharField(max_length=40, blank=True)
    selector = models.CharField(max_length=63, blank=True)
    private_key = EncryptedTextField(blank=True)
    records = models.JSONField(default=list)
    is_live = models.BooleanField("is verified", default=False)
    is_chosen = models.BooleanField("mail comes from it", default=False)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.CharField(max_length=254, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    missing_since = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField("not taken by SendGrid since", null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)

    objects = SenderDomainQuerySet.as_manager()

    class Meta:
        ordering = ["domain"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "domain"], name="sender_domain_once_a_workspace"
            ),
            models.UniqueConstraint(
                fields=["tenant"], condition=Q(is_chosen=True), name="sender_domain_chosen_once"
            ),
            models.CheckConstraint(
                condition=Q(is_live=False) | Q(verified_at__isnull=False),
                name="sender_domain_verified",
            ),
            models.CheckConstraint(
                condition=(Q(signer="own") & ~Q(private_key="") & ~Q(selector=""))
                | (Q(signer="sendgrid") & (~Q(vendor_id="") | Q(is_live=False))),
                name="sender_domain_can_sign",
            ),
        ]

    def __str__(self) -> str:
        return self.domain

    def get_absolute_url(self) -> str:
        return f"/settings/mail/senders/{self.pk}/"

    @property
    def state(self) -> str:
        """One of preparing (SendGrid is being told), failed (it would not), waiting, verified,
        unseen (still used), off (not used any more).
        """
        if not self.is_prepared:
            return "failed" if self.failed_at else "preparing"
        if self.is_live:
            return "unseen" if self.missing_since else "verified"
        return "off" if self.verified_at else "waiting"

    @property
    def is_prepared(self) -> bool:
        """Whether its records are known: SendGrid says what it wants for a domain it signs for."""
        return self.signer != self.Signer.SENDGRID or bool(self.vendor_id)

    @property
    def subdomain(self) -> str:
        """Where SendGrid has bounces of this domain sent: a name by which it is found again when
        the answer that told of it was lost.
        """
        return f"em{int(self.pk.hex[-8:], 16) % 10**8:08d}"

    @property
    def address(self) -> str:
        return f"{self.local_part}@{self.domain}"

    @property
    def sender_name(self) -> str:
        return self.from_name or str(self.tenant.name)

    @property
    def lacking(self) -> list[dict[str, Any]]:
        """The records without which nothing can be sent, and that were not found."""
        return [r for r in self.records if r["is_required"] and r["state"] != "found"]
