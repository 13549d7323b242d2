"""Jobs that belong together, under a parent."""

from __future__ import annotations

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models
from django.db.models import Q

from apps.fleet.operations import AddForeignKey

CHECKS = [
    # Widened: a parent is not at work itself, so nobody keeps its heart beating.
    models.CheckConstraint(
        condition=~Q(state="running") | Q(heartbeat_at__isnull=False) | ~Q(kind=""),
        name="job_at_work_has_heartbeat",
    ),
    models.CheckConstraint(
        condition=Q(parent__isnull=True, stage__isnull=True)
        | Q(parent__isnull=False, stage__isnull=False, kind=""),
        name="job_member_has_stage",
    ),
    models.CheckConstraint(
        condition=~Q(state="pending") | Q(parent__isnull=False) | ~Q(kind=""),
        name="job_pending_belongs",
    ),
    models.CheckConstraint(
        condition=Q(kind="") | ~Q(state="queued"), name="job_parent_never_queued"
    ),
]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("jobs", "0003_failures"),
    ]

    operations = [
        migrations.AddField(
            model_name="jobrun",
            name="kind",
            field=models.CharField(
                blank=True,
                choices=[("chain", "Chain"), ("group", "Group")],
                db_default="",
                default="",
                max_length=5,
            ),
        ),
        migrations.AddField(
            model_name="jobrun",
            name="label",
            field=models.CharField(blank=True, db_default="", default="", max_length=120),
        ),
        migrations.AddField(
            model_name="jobrun",
            name="stage",
            field=models.SmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="jobrun",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="members",
                to="jobs.jobrun",
            ),
        ),
        AddForeignKey(
            model_name="jobrun",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="members",
                to="jobs.jobrun",
            ),
        ),
        migrations.AlterField(
            model_name="jobrun",
            name="state",
            field=models.CharField(
                choices=[
                    ("pending", "Pending"),
                    ("queued", "Queued"),
                    ("running", "Running"),
                    ("succeeded", "Succeeded"),
                    ("failed", "Failed"),
                    ("cancelled", "Cancelled"),
                ],
                default="queued",
                max_length=10,
            ),
        ),
        *(
            operation
            for check in CHECKS
            for operation in (
                AddConstraintNotValid("jobrun", check),
                ValidateConstraint("jobrun", check.name),
            )
        ),
        migrations.RemoveConstraint("jobrun", "job_running_has_heartbeat"),
    ]
