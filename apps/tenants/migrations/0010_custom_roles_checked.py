import django.db.models.deletion
from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations, models

from apps.fleet.operations import AddForeignKey


def custom_role() -> models.ForeignKey:
    return models.ForeignKey(
        blank=True,
        null=True,
        on_delete=django.db.models.deletion.RESTRICT,
        related_name="%(class)ss",
        to="tenants.customrole",
    )


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("tenants", "0009_custom_roles")]

    operations = [
        AddForeignKey("invitation", "custom_role", custom_role()),
        AddForeignKey("membership", "custom_role", custom_role()),
        ValidateConstraint(model_name="membership", name="custom_role_is_no_owner"),
    ]
