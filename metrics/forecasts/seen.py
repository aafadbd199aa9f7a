"""What of a forecast a person may see: an initiative's date depends on teams that are not open to everybody."""

from dataclasses import replace

from metrics.forecasts.answers import Answer, Outlook
from portfolio.queries import Person, teams_for


def seen_by(outlook: Outlook, user: Person) -> Outlook:
    """The outlook without the samples and the features of teams that `user` (None: the command line) may not see.

    The dates of an initiative stay: they are its own, and say nothing of one team.
    """
    open_to = set(teams_for(user).values_list("slug", flat=True))
    base, variant = outlook.base, outlook.variant
    return Outlook(_seen(base, open_to), _seen(variant, open_to) if variant else None)


def _seen(answer: Answer, open_to: set[str]) -> Answer:
    first, rest = answer.deliveries[:1], answer.deliveries[1:]
    kept = tuple(one for one in rest if one.parts or open_to.issuperset(one.teams))
    samples = tuple(team for team in answer.teams if team.slug in open_to)
    return replace(answer, teams=samples, deliveries=(*first, *kept))
