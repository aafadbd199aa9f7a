"""Initiatives that were there before stages: open ones with features are implemented, others wait in the backlog."""

from datetime import UTC, datetime, time

from django.db import migrations
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now


def give_stages(apps, schema_editor):
    Initiative = apps.get_model("portfolio", "Initiative")
    Feature = apps.get_model("portfolio", "Feature")
    StageEntry = apps.get_model("portfolio", "StageEntry")
    broken_down = Exists(Feature.objects.filter(initiative=OuterRef("pk")))
    Initiative.objects.exclude(ended_on=None).update(stage="done", verdict="persevere")
    Initiative.objects.filter(broken_down, ended_on=None).update(stage="implementing")
    Initiative.objects.filter(~broken_down, ended_on=None).update(stage="backlog")
    for one in Initiative.objects.exclude(ended_on=None):
        # Entries at the only days that are known.
        at = datetime.combine(one.ended_on, time(12), UTC)
        StageEntry.objects.create(initiative=one, stage="done", at=at)
    for one in Initiative.objects.filter(ended_on=None):
        StageEntry.objects.create(initiative=one, stage=one.stage, at=Now())


def give_costs(apps, schema_editor):
    Team = apps.get_model("portfolio", "Team")
    TeamCost = apps.get_model("portfolio", "TeamCost")
    TeamCost.objects.bulk_create(
        TeamCost(team=team, valid_from=team.started_on or datetime(2000, 1, 1).date(), cost_per_day=team.cost_per_day)
        for team in Team.objects.exclude(cost_per_day=None)
    )


class Migration(migrations.Migration):
    dependencies = [("portfolio", "0003_strategy")]

    operations = [
        migrations.RunPython(give_stages, migrations.RunPython.noop),
        migrations.RunPython(give_costs, migrations.RunPython.noop),
    ]
