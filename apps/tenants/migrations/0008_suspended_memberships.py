from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0007_guardians_checked")]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="suspended_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
