"""Which items belong to a feature: those whose parent in a source (an epic's key there) is linked to it."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction

from core import audit
from metrics.epics import sources_for
from metrics.models import EpicLink, Source, WorkItem
from portfolio.actions import create_feature, writing
from portfolio.models import Feature, Initiative, Team
from portfolio.rules import Person, require


def link_epic(*, actor: Person, feature: Feature, source: Source, parent: str) -> EpicLink:
    """The items of `source` whose parent is `parent`, now and later, are items of `feature`.

    `parent` is told as the tool tells it of its items. A parent belongs to one feature only, in the sources of whose
    team it must be; one of which there are items already, but none of the team, is another team's.
    """
    require(actor, "manage_work", feature.team)
    if source not in sources_for(feature.team_id):
        raise ValidationError({"source": f"This source delivers no items of {feature.team}."})
    items = WorkItem.objects.filter(source=source, parent=parent, deleted_at=None)
    if items.exists() and not items.filter(team=feature.team_id).exists():
        raise ValidationError({"parent": f"Its items are those of other teams: none is with {feature.team}."})
    link = EpicLink(feature=feature, source=source, parent=parent)
    with transaction.atomic():
        link.full_clean()
        writing.save(link)
        audit.record(actor=actor, verb="linked", target=feature, data={"source": source.name, "parent": link.parent})
    return link


def unlink_epic(*, actor: Person, link: EpicLink) -> None:
    """The items of this parent belong to no feature any more."""
    require(actor, "manage_work", link.feature.team)
    with transaction.atomic():
        data = {"source": link.source.name, "parent": link.parent}
        audit.record(actor=actor, verb="unlinked", target=link.feature, data=data)
        link.delete()


def make_features(
    *, actor: Person, team: Team, epics: Sequence[tuple[Source, str, str]], initiative: Initiative | None = None
) -> list[Feature]:
    """A feature at the end of the team's queue for each of `epics` (source, parent, name): all or none."""
    require(actor, "manage_work", team)
    made = []
    with transaction.atomic():
        for source, parent, name in epics:
            try:
                feature = create_feature(actor=actor, team=team, name=name[:200], initiative=initiative)
                link_epic(actor=actor, feature=feature, source=source, parent=parent)
            except ValidationError as error:
                raise ValidationError(f"{parent}: {' '.join(error.messages)}") from error
            made.append(feature)
    return made
