"""Documents that are out: what an invoice or a credit note said when it was issued, for good."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.ids import uuid7
from apps.payments.documents import Document, thaw
from apps.payments.models.accounts import Account
from apps.payments.models.documents import CreditNote, Invoice


class IssuedDocument(models.Model):
    """`content` is everything that stands on it (`documents.freeze`), so that no later change of
    an address or of the seller reaches it. The PDF is made when it is first asked for, and kept;
    `sha256` is its digest. A trigger refuses every change but that, and deletion.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="documents")
    invoice = models.OneToOneField(
        Invoice, on_delete=models.PROTECT, null=True, blank=True, related_name="document"
    )
    credit_note = models.OneToOneField(
        CreditNote, on_delete=models.PROTECT, null=True, blank=True, related_name="document"
    )
    number = models.CharField(max_length=60, unique=True)
    issued_on = models.DateField()
    language = models.CharField(max_length=5)
    content: models.JSONField[Any] = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)
    storage_name = models.CharField(max_length=200, blank=True, default="")
    sha256 = models.CharField("SHA-256 of the PDF", max_length=64, blank=True, default="")
    size = models.PositiveIntegerField(default=0, help_text="bytes of the PDF")

    class Meta:
        verbose_name = "issued document"
        ordering = ["-issued_on", "-number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(invoice__isnull=True) ^ Q(credit_note__isnull=True),
                name="issued_document_of_one",
            ),
        ]
        indexes = [models.Index(fields=["account", "-issued_on"], name="document_by_account")]

    def __str__(self) -> str:
        return self.number

    @property
    def document(self) -> Document:
        return thaw(self.content)
