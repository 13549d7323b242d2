from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from apps.transfers.errors import BadKey
from apps.transfers.format import keys


class RecipientField(forms.CharField):
    """The public key an export is encrypted to; may be left empty."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            label="Encrypt to this key",
            required=False,
            max_length=80,
            help_text=(
                "As “manage.py tenant keygen” prints it where the file is to go. Only then do "
                "Roblox keys come along."
            ),
            **options,
        )

    def clean(self, value: Any) -> str:
        text = str(super().clean(value) or "")
        try:
            return keys.check_recipient(text) if text else ""
        except BadKey as error:
            raise ValidationError(error.detail) from error


class ExportForm(forms.Form):
    with_media = forms.BooleanField(
        label="With stored files",
        required=False,
        initial=True,
        help_text="Place files make most of the size.",
    )
    encrypt_to = RecipientField()
