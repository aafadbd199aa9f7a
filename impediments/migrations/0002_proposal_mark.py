import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("impediments", "0001_initial"),
        ("portfolio", "0006_actions"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProposalMark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("made_at", models.DateTimeField()),
                ("stamp", models.CharField(blank=True, max_length=80)),
                (
                    "stream",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="proposal_mark",
                        to="portfolio.valuestream",
                    ),
                ),
            ],
        ),
    ]
