from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from apps.fleet.operations import AddUniqueConcurrently


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("mail", "0002_message_context_and_timeline")]

    operations = [
        AddUniqueConcurrently(
            "message",
            models.UniqueConstraint(fields=["idempotency_key"], name="message_once_per_key"),
        ),
        AddIndexConcurrently(
            "message", models.Index(fields=["-created_at"], name="message_by_time")
        ),
        AddIndexConcurrently(
            "message",
            models.Index(
                fields=["held_until"], name="message_held", condition=models.Q(state="held")
            ),
        ),
    ]
