from django.db import migrations, models

from apps.fleet.operations import AddUniqueConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("gateway", "0002_key_environments_networks_rotation")]

    operations = [
        AddUniqueConcurrently(
            "apikey",
            models.UniqueConstraint(fields=["former_hash"], name="gateway_apikey_former_hash"),
        )
    ]
