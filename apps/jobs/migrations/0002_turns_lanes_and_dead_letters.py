"""What a fair choice of the next run, limits, private arguments and dead letters want to know."""

from __future__ import annotations

import apps.core.encryption
from django.contrib.postgres.operations import (
    AddIndexConcurrently,
    AddConstraintNotValid,
    ValidateConstraint,
)
from django.db import migrations, models

from apps.fleet.operations import AddUniqueConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("jobs", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="jobrun",
            name="cancel_asked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="jobrun",
            name="cancel_asked_by",
            field=models.CharField(blank=True, db_default="", default="", max_length=254),
        ),
        migrations.AddField(
            model_name="jobrun",
            name="discard_reason",
            field=models.CharField(blank=True, db_default="", default="", max_length=300),
        ),
        migrations.AddField(
            model_name="jobrun",
            name="discarded_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="jobrun",
            name="discarded_by",
            field=models.CharField(blank=True, db_default="", default="", max_length=254),
        ),
        migrations.AddField(
            model_name="jobrun",
            name="lane",
            field=models.CharField(blank=True, db_default="", default="", max_length=120),
        ),
        migrations.AddField(
            model_name="jobrun",
            name="private_arguments",
            field=apps.core.encryption.EncryptedTextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="jobrun",
            name="trace_id",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
        migrations.AddField(
            model_name="jobrun",
            name="traceback",
            field=apps.core.encryption.EncryptedTextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="jobrun",
            name="unique_key",
            field=models.CharField(blank=True, max_length=200, null=True),
        ),
        AddIndexConcurrently(
            model_name="jobrun",
            index=models.Index(
                condition=models.Q(("state", "queued")),
                fields=["queue", "schema_name", "due_at"],
                name="job_queued",
            ),
        ),
        AddIndexConcurrently(
            model_name="jobrun",
            index=models.Index(fields=["queue", "schema_name", "-started_at"], name="job_served"),
        ),
        AddIndexConcurrently(
            model_name="jobrun",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", False)),
                fields=["-finished_at"],
                name="job_finished",
            ),
        ),
        AddUniqueConcurrently(
            "jobrun",
            models.UniqueConstraint(
                fields=["unique_key"],
                condition=models.Q(finished_at__isnull=True),
                name="job_unique_while_open",
            ),
        ),
        AddConstraintNotValid(
            "jobrun",
            models.CheckConstraint(
                condition=models.Q(discarded_at__isnull=True)
                | (models.Q(state="failed") & ~models.Q(discard_reason="")),
                name="job_discarded_with_reason",
            ),
        ),
        ValidateConstraint("jobrun", "job_discarded_with_reason"),
    ]
