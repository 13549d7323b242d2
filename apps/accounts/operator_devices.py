"""What shows operators their one-time codes."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django_otp.models import Device, ThrottlingMixin, TimestampMixin
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key, key_validator

from apps.core.encryption import EncryptedTextField


class OperatorDevice(TimestampMixin, ThrottlingMixin, Device):  # type: ignore[misc]
    """An operator's authenticator app (TOTP, RFC 6238): django-otp's device, but for its key, which
    is unreadable in the database and in its backups. It holds the throttle and the step of the
    last code, so that guessing gets slow and no code opens the console twice.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = EncryptedTextField(validators=[key_validator], default=default_key)
    step = models.PositiveSmallIntegerField(default=30, help_text="seconds a code is shown for")
    t0 = models.BigIntegerField(default=0)
    digits = models.PositiveSmallIntegerField(default=6)
    tolerance = models.PositiveSmallIntegerField(
        default=1, help_text="codes before and after the present one that are taken, too"
    )
    drift = models.SmallIntegerField(
        default=0, help_text="by how many steps the app's clock is known to differ"
    )
    last_t = models.BigIntegerField(default=-1, help_text="the step of the last code that was used")

    class Meta:
        verbose_name = "operator's device"

    # django-otp keeps these on a model with a plain key, which cannot be inherited without it.
    bin_key: Any = TOTPDevice.bin_key
    config_url: Any = TOTPDevice.config_url
    verify_token: Any = TOTPDevice.verify_token
    get_throttle_factor: Any = TOTPDevice.get_throttle_factor
    _read_str_from_settings: Any = TOTPDevice._read_str_from_settings  # noqa: SLF001
