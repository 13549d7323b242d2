from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

ROLES = [
    ("owner", "Owner"),
    ("admin", "Admin"),
    ("teacher", "Teacher"),
    ("student", "Student"),
    ("guardian", "Guardian"),
]


class Migration(migrations.Migration):
    dependencies = [("tenants", "0005_districts")]

    operations = [
        migrations.RemoveConstraint(model_name="membership", name="membership_role_known"),
        migrations.AlterField(
            model_name="invitation",
            name="role",
            field=models.CharField(choices=ROLES, max_length=10),
        ),
        migrations.AlterField(
            model_name="membership",
            name="role",
            field=models.CharField(choices=ROLES, max_length=10),
        ),
        AddConstraintNotValid(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", [role for role, _ in ROLES])),
                name="membership_role_known",
            ),
        ),
    ]
