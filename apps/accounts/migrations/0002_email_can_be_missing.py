"""Pupils have no e-mail. The new rule stands before the old one goes, so that no moment lets two
accounts have one address.
"""

from __future__ import annotations

import django.db.models.functions.text
from django.db import migrations, models

from apps.fleet.operations import AddUniqueConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="user",
            name="email",
            field=models.EmailField(blank=True, max_length=254),
        ),
        AddUniqueConcurrently(
            "user",
            models.UniqueConstraint(
                django.db.models.functions.text.Lower("email"),
                condition=~models.Q(email=""),
                name="user_email_unique_where_given",
                violation_error_message="There is an account with this e-mail address already.",
            ),
        ),
        migrations.RemoveConstraint(model_name="user", name="user_email_unique"),
    ]
