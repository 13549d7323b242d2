import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenants", "0005_districts"),
    ]

    operations = [
        migrations.CreateModel(
            name="WorkspacePlan",
            fields=[
                (
                    "tenant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="workspace_plan",
                        serialize=False,
                        to="tenants.tenant",
                    ),
                ),
                ("plan", models.CharField(default="free", max_length=20)),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="WorkspaceUsage",
            fields=[],
            options={
                "verbose_name": "usage of a workspace",
                "verbose_name_plural": "usage",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("tenants.tenant",),
        ),
        migrations.CreateModel(
            name="UsageDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("schema_name", models.CharField(max_length=63, verbose_name="workspace")),
                ("metric", models.CharField(max_length=20)),
                ("day", models.DateField()),
                ("source", models.CharField(blank=True, default="", max_length=32)),
                ("amount", models.BigIntegerField()),
            ],
            options={
                "verbose_name": "day's usage",
                "verbose_name_plural": "usage by day",
                "ordering": ["-day", "schema_name", "metric"],
                "indexes": [
                    models.Index(fields=["day", "metric", "-amount"], name="usage_day_top")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("schema_name", "day", "metric", "source"), name="usage_day_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gte", 0)), name="usage_day_not_negative"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("schema_name", models.CharField(max_length=63, verbose_name="workspace")),
                ("metric", models.CharField(max_length=20)),
                ("day", models.DateField()),
                ("amount", models.BigIntegerField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["schema_name", "day"], name="usage_event_by_workspace")
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageWarning",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("schema_name", models.CharField(max_length=63, verbose_name="workspace")),
                ("limit", models.CharField(max_length=20)),
                ("threshold", models.PositiveSmallIntegerField(verbose_name="percent")),
                ("period_start", models.DateField()),
                ("used", models.BigIntegerField()),
                ("most", models.BigIntegerField(verbose_name="limit is")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "cleared_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="no longer so since"),
                ),
            ],
            options={
                "verbose_name": "usage warning",
                "ordering": ["-at"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("cleared_at__isnull", True)),
                        fields=["schema_name"],
                        name="usage_warning_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("schema_name", "limit", "threshold", "period_start"),
                        name="usage_warning_once",
                    )
                ],
            },
        ),
    ]
