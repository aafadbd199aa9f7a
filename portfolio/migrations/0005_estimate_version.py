from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portfolio", "0004_stages_of_today"),
    ]

    operations = [
        migrations.AddField(
            model_name="estimate",
            name="version",
            field=models.PositiveIntegerField(db_default=1, default=1),
        ),
    ]
