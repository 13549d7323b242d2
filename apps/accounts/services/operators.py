"""People who may enter the operator console: a password and a device for one-time codes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.db import transaction
from django_otp.oath import TOTP

from apps.accounts.models import OperatorDevice, User
from apps.accounts.services import emails
from apps.accounts.signals import operator_made

PASSWORD_BYTES = 15


@dataclass(frozen=True)
class NewOperator:
    """`password` and `otpauth_uri` (Key Uri Format of authenticator apps) are shown once."""

    user: User
    password: str
    otpauth_uri: str


def create(*, email: str, password: str | None = None, by: User | None = None) -> NewOperator:
    """Make `email` an operator with a fresh password and a fresh device; earlier devices end."""
    password = password or secrets.token_urlsafe(PASSWORD_BYTES)
    with transaction.atomic():
        user = User.objects.filter(email__iexact=email).first() or User(email=email.lower())
        user.is_staff = user.is_superuser = user.is_active = True
        user.set_password(password)
        user.save()
        emails.mark_verified(user=user)
        OperatorDevice.objects.filter(user=user).delete()
        device = OperatorDevice.objects.create(user=user, name="authenticator", confirmed=True)
        operator_made.send(sender=User, user=user, by=by)
    return NewOperator(user, password, device.config_url)


def current_code(*, user: User) -> str:
    """The code the person's device shows now; for development, where nobody holds a phone."""
    device = OperatorDevice.objects.get(user=user, confirmed=True)
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    return f"{totp.token():0{device.digits}d}"
