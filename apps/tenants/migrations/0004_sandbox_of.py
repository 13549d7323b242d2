from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0003_configuration")]

    operations = [
        migrations.AddField(
            model_name="tenant",
            name="sandbox_of",
            field=models.CharField(blank=True, db_default="", default="", max_length=40),
        ),
    ]
