from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mail", "0006_sender_domains")]

    operations = [
        migrations.AddField(
            model_name="senderdomain",
            name="failed_at",
            field=models.DateTimeField(
                blank=True, null=True, verbose_name="not taken by SendGrid since"
            ),
        ),
        migrations.RemoveConstraint(model_name="senderdomain", name="sender_domain_can_sign"),
        AddConstraintNotValid(
            model_name="senderdomain",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("signer", "own"),
                        models.Q(("private_key", ""), _negated=True),
                        models.Q(("selector", ""), _negated=True),
                    ),
                    models.Q(
                        ("signer", "sendgrid"),
                        models.Q(
                            models.Q(("vendor_id", ""), _negated=True),
                            ("is_live", False),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="sender_domain_can_sign",
            ),
        ),
    ]
