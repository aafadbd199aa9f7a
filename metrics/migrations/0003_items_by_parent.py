from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """The items of an epic are asked for by its key."""

    # Built beside the old code's writes, which a transaction would hold up.
    atomic = False

    dependencies = [("metrics", "0002_standards_and_forecasts")]

    operations = [
        AddIndexConcurrently(
            model_name="workitem",
            index=models.Index(
                condition=models.Q(("deleted_at", None), models.Q(("parent", ""), _negated=True)),
                fields=["source", "parent"],
                name="item_by_parent",
            ),
        ),
    ]
