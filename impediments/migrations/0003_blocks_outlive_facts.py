"""A sync deletes stays, and whole sources their items, by statements of their own: blocks stay, without them.

Django's SET_NULL acts only where Django deletes; here the database does the same for everybody.
"""

from django.db import migrations

STAY = "impediments_block_stay_id_c6973faa_fk_metrics_blockedstay_id"
ITEM = "impediments_block_item_id_8d915cb0_fk_metrics_workitem_id"
ADD = """
ALTER TABLE impediments_block DROP CONSTRAINT {name};
ALTER TABLE impediments_block ADD CONSTRAINT {name} FOREIGN KEY ({column}) REFERENCES {table} (id)
    {action} DEFERRABLE INITIALLY DEFERRED;
"""


def foreign_key(name: str, column: str, table: str) -> migrations.RunSQL:
    given = {"name": name, "column": column, "table": table}
    return migrations.RunSQL(ADD.format(action="ON DELETE SET NULL", **given), ADD.format(action="", **given))


class Migration(migrations.Migration):
    dependencies = [("impediments", "0002_proposal_mark")]
    operations = [
        foreign_key(STAY, "stay_id", "metrics_blockedstay"),
        foreign_key(ITEM, "item_id", "metrics_workitem"),
    ]
