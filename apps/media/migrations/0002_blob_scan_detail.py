from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("media", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="blob",
            name="scan_detail",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="the signature that matched",
                max_length=200,
            ),
        ),
    ]
