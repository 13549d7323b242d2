"""Operators' devices move to where their keys are encrypted, and the plain keys go at once.

The release before goes on without them: it finds no device, so its console asks for a sign-in that
only the new processes can take. Nothing else of it reads these rows. On the way back they return.
"""

from typing import Any

from django.db import migrations

from apps.fleet.operations import BackfillInBatches

SAME = (
    "user_id", "name", "confirmed", "key", "step", "t0", "digits", "tolerance", "drift", "last_t",
    "throttling_failure_timestamp", "throttling_failure_count", "created_at", "last_used_at",
)  # fmt: skip


def move(batch: Any) -> None:
    _move(batch, batch.model._meta.apps.get_model("accounts", "OperatorDevice"))


def move_back(batch: Any) -> None:
    _move(batch, batch.model._meta.apps.get_model("otp_totp", "TOTPDevice"))


def stay(batch: Any) -> None:
    """Only the way back has something to do."""


def _move(batch: Any, to: Any) -> None:
    to.objects.using(batch.db).bulk_create(
        to(**{name: getattr(device, name) for name in SAME}) for device in batch
    )
    batch.delete()


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("accounts", "0004_operators_devices"),
        ("fleet", "0002_releases_and_pool"),
        ("otp_totp", "0003_add_timestamps"),
    ]
    operations = [
        BackfillInBatches(
            name="operators_devices_back", model="OperatorDevice", update=stay, reverse=move_back
        ),
        BackfillInBatches(
            name="operators_devices", app="otp_totp", model="TOTPDevice", update=move
        ),
    ]
