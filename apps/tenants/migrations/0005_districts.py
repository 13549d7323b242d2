import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0004_sandbox_of")]

    # Shown by `manage.py fleet plan`.
    unsafe = {
        "index_not_concurrent": "tenants_tenant holds one row per workspace",
        "foreign_key_not_valid": "tenants_tenant holds one row per workspace",
    }

    operations = [
        migrations.AlterField(
            model_name="tenant",
            name="kind",
            field=models.CharField(
                choices=[("school", "School"), ("studio", "Studio"), ("district", "District")],
                default="school",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="tenant",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="schools",
                to="tenants.tenant",
            ),
        ),
    ]
