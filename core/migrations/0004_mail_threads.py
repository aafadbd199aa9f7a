from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0003_comments_hooks"),
    ]

    operations = [
        migrations.AddField(
            model_name="mail",
            name="reply_to",
            field=models.EmailField(blank=True, db_default="", max_length=254),
        ),
        migrations.AddField(
            model_name="mail",
            name="thread",
            field=models.CharField(blank=True, db_default="", max_length=80),
        ),
    ]
