"""Operators' deeds are attempts as well, of which each invoice and dispute may have one open. The
new rule stands before the old one goes.
"""

from __future__ import annotations

from django.db import migrations, models

from apps.fleet.operations import AddUniqueConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("payments", "0008_usage_reports")]

    operations = [
        migrations.AlterModelOptions(
            name="attempt",
            options={
                "ordering": ["-created_at", "-id"],
                "verbose_name": "deed at Stripe",
                "verbose_name_plural": "deeds at Stripe",
            },
        ),
        migrations.AddField(
            model_name="attempt",
            name="subject",
            field=models.CharField(blank=True, db_default="", default="", max_length=255),
        ),
        AddUniqueConcurrently(
            "attempt",
            models.UniqueConstraint(
                fields=["account", "subject"],
                condition=models.Q(state="open"),
                name="attempt_open_once_each",
            ),
        ),
        migrations.RemoveConstraint(model_name="attempt", name="attempt_open_once"),
    ]
