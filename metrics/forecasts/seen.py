"""What of a forecast a person may see: an initiative's date depends on teams that are not open to everybody."""

from dataclasses import replace

from metrics.forecasts.answers import Answer, Delivery, Outlook
from portfolio.queries import Person, teams_for

UNSEEN = "too little data about the work of a team that you do not see"


def seen_by(outlook: Outlook, user: Person) -> Outlook:
    """The outlook without the samples and the features of teams that `user` (None: the command line) may not see.

    The dates of an initiative stay: they are its own, and say nothing of one team.
    """
    base, variant = outlook.base, outlook.variant
    return Outlook(answer_seen_by(base, user), answer_seen_by(variant, user) if variant else None)


def answer_seen_by(answer: Answer, user: Person) -> Answer:
    """The same for one answer. Where something is left out, so are the engine's texts, which hold everything."""
    hidden = hidden_from(answer, user)
    if not hidden:
        return answer
    names = [team.name for team in answer.teams if team.slug in hidden]
    samples = tuple(team for team in answer.teams if team.slug not in hidden)
    kept = [one for one in answer.deliveries if one.parts or hidden.isdisjoint(one.teams)]
    told = {team.reason for team in samples} | {one.reason for one in kept if hidden.isdisjoint(one.teams)}
    return replace(
        answer,
        teams=samples,
        deliveries=tuple(_without(one, hidden, told) for one in kept),
        notes=tuple(note for note in answer.notes if not any(name in note for name in names)),
        reason=UNSEEN if any(name in answer.reason for name in names) else answer.reason,
        inputs="",
        result="",
    )


def hidden_from(answer: Answer, user: Person) -> frozenset[str]:
    """The slugs of the teams of an answer that `user` may not see; teams that are no more are open to nobody."""
    named = {team.slug for team in answer.teams}.union(*(one.teams for one in answer.deliveries))
    return frozenset(named - set(teams_for(user).filter(slug__in=named).values_list("slug", flat=True)))


def _without(one: Delivery, hidden: frozenset[str], told: set[str]) -> Delivery:
    """A delivery that hidden teams have a part in, without what names them."""
    if hidden.isdisjoint(one.teams):
        return one
    teams = tuple(slug for slug in one.teams if slug not in hidden)
    # A team's share of an initiative has the team's slug in its id: "initiative:3:falcon".
    parts = tuple(id for id in one.parts if id.rpartition(":")[2] not in hidden)
    return replace(one, teams=teams, parts=parts, reason=one.reason if one.reason in told else UNSEEN)
