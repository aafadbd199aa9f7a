"""How an impediment was resolved is kept with the time that ended then: reopening it takes nothing back."""

from django.db import migrations, models

CAUSES = [
    ("process", "Process or approval takes long"),
    ("policy", "Rule or policy"),
    ("capacity", "Too few people or too much work"),
    ("skills", "Skills or knowledge missing"),
    ("system", "System, tool or environment"),
    ("supplier", "Supplier or partner"),
    ("communication", "Misunderstanding or late word"),
    ("one-off", "One-off"),
    ("unknown", "Not found"),
]
# What is resolved now says so of its last time.
FILL = """
    UPDATE impediments_period p SET resolution = i.resolution, root_cause = i.root_cause
    FROM impediments_impediment i
    WHERE i.id = p.impediment_id AND i.state = 'resolved' AND p.id = (
        SELECT q.id FROM impediments_period q WHERE q.impediment_id = i.id AND q.to_at IS NOT NULL
        ORDER BY q.to_at DESC, q.id DESC LIMIT 1)
"""


class Migration(migrations.Migration):
    dependencies = [("impediments", "0003_blocks_outlive_facts")]
    operations = [
        migrations.AddField("period", "resolution", models.TextField(blank=True, db_default="", default="")),
        migrations.AddField(
            "period",
            "root_cause",
            models.CharField(blank=True, choices=CAUSES, db_default="", default="", max_length=13),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
