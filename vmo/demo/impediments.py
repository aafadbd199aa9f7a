"""The impediments of the demo organisation, tied to its items: once its history is there, before what rests on both.

The past is written as an import of it would be: nobody is told. What climbed the levels did so by the clocks.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from django.db import transaction
from django.db.models import Case, Q, When
from django.utils import timezone

from accounts.models import User
from connectors.demo import DemoConnector
from core import comments
from core.models import AuditEntry, Comment
from impediments.actions.blocking import begin_blocks, end_blocks
from impediments.limits import Limits
from impediments.models import (
    Block,
    Category,
    Channel,
    Escalation,
    Impediment,
    Level,
    Limit,
    Pause,
    Period,
    RootCause,
    Spell,
    State,
)
from metrics.actions import blocks as facts
from metrics.models import BlockedStay, EpicLink, FlowState, ItemFlow, WorkItem
from portfolio.actions import raise_decision
from portfolio.clocks import clocks
from portfolio.models import Action, ActionState, DecisionKind, Membership, Team
from vmo.demo.hurdles import ASKED, DUPLICATE, IMPROVEMENTS, Improvement
from vmo.demo.stories import HOUR, Cast, Story, stories

COLUMNS = [
    *("team", "category", "what", "description", "asked", "is_external", "owner", "logged_by", "since_at"),
    *("logged_at", "via", "state", "resolved_at", "resolution", "root_cause", "promised_on"),
]


def load(*, today: date, now: datetime, people: dict[str, User]) -> None:
    """Make them, where there are none and the demo teams' items are there. `today` past: as at the end of that day."""
    at = min(now, timezone.make_aware(datetime.combine(today, time(18))))
    teams = {team.slug: team for team in Team.objects.filter(sources__tool=DemoConnector.tool).distinct()}
    if Impediment.objects.exists() or not teams:
        return
    members = Membership.objects.filter(team__in=teams.values()).order_by("-user__name").select_related("user")
    cast = Cast(at, people, teams, clocks(teams.values()), {one.team_id: one.user for one in members})
    with transaction.atomic():
        Limit.objects.get_or_create(level=Level.TEAM, category=Category.ACCESS, defaults={"hours": 4})
        made = stories(cast)
        _write(made, at, people.values())
        _block(made, at)
        _onward({one.what: one.row for one in made}, cast)
        if "lark" in teams:
            Channel.objects.get_or_create(team=teams["lark"], defaults={"logs_marks": True, "marks_since": at})


# Writing


def _write(stories: Sequence[Story], now: datetime, people: Collection[User]) -> None:
    """The rows of all, in the order in which they were logged."""
    limits = Limits()
    ordered = sorted(stories, key=lambda one: (one.logged_at, one.team.slug, one.what))
    for one in ordered:
        one.row = Impediment(**{name: getattr(one, name) for name in COLUMNS})
    spells = {id(one): list(_climb(one, limits, now)) for one in ordered}
    for one in ordered:
        one.row.level = spells[id(one)][-1].level
    Impediment.objects.bulk_create(one.row for one in ordered)
    Period.objects.bulk_create(
        Period(impediment=one.row, from_at=first, to_at=last) for one in ordered for first, last in one.open
    )
    _keep_spells(ordered, spells)
    Pause.objects.bulk_create(
        Pause(impediment=one.row, from_at=one.pause[0], to_at=one.pause[1], reason=one.pause[2], by=one.owner)
        for one in ordered
        if one.pause
    )
    _write_comments(ordered, people)
    _write_trail(ordered, spells)


def _keep_spells(ordered: Sequence[Story], spells: dict[int, list[Spell]]) -> None:
    for one in ordered:
        for spell in spells[id(one)]:
            spell.impediment = one.row
    Spell.objects.bulk_create(spell for one in ordered for spell in spells[id(one)])
    pairs = [(low, high) for one in ordered for low, high in _raised(spells[id(one)])]
    Escalation.objects.bulk_create(
        Escalation(spell=low, at=high.from_at, breached_at=high.from_at, to_level=high.level) for low, high in pairs
    )


def _raised(spells: Sequence[Spell]) -> list[tuple[Spell, Spell]]:
    """Each spell whose clock ran out, with the next."""
    return [(low, high) for low, high in pairwise(spells) if high.level > low.level]


def _climb(one: Story, limits: Limits, now: datetime) -> Iterator[Spell]:
    """Its stays at the levels, as the job would have made them."""
    level = int(Level.TEAM)
    for number, (first, last) in enumerate(one.open):
        at = one.logged_at if number == 0 else first
        while True:
            limit = limits.of(level, one.category)
            out_at = None if limit is None else _runs_out(one, at, float(limit) * HOUR)
            if out_at is None or out_at >= (last or now):
                breach_at = out_at if last is None else None
                yield Spell(level=level, from_at=at, to_at=last, limit_hours=limit, breach_at=breach_at)
                break
            yield Spell(level=level, from_at=at, to_at=out_at, limit_hours=limit)
            at, level = out_at, level + 1


def _runs_out(one: Story, at: datetime, seconds: float) -> datetime | None:
    """When so much time of a level's clock has passed, its pause left out; None: it stands."""
    plain = one.clock.after(at, seconds)
    if one.pause is None or plain <= one.pause[0] or (one.pause[1] and one.pause[1] <= at):
        return plain
    first, last, _ = one.pause
    left = seconds - one.clock.seconds(at, first)
    return one.clock.after(max(last, at), left) if last else None


def _write_comments(ordered: Sequence[Story], people: Collection[User]) -> None:
    for one in ordered:
        for at, author, text in one.comments:
            made = Comment.objects.create(
                target_type=one.row._meta.label_lower,
                target_id=str(one.row.pk),
                author=author,
                author_name=str(author or ""),
                text=text,
                at=at,
            )
            made.mentions.set(comments.named(text, people))  # type: ignore[arg-type]


def _write_trail(ordered: Sequence[Story], spells: dict[int, list[Spell]]) -> None:
    """Who did what, when it was done."""
    entries: list[AuditEntry] = []

    def did(one: Story, at: datetime, who: User | None, verb: str, data: dict[str, object]) -> None:
        of = {"target_type": one.row._meta.label_lower, "target_id": str(one.row.pk), "target_name": one.what}
        entries.append(AuditEntry(at=at, actor=who, actor_name=str(who or ""), verb=verb, data=data, **of))

    for one in ordered:
        did(one, one.logged_at, one.logged_by, "logged", {"what": one.what, "category": one.category})
        for low, high in _raised(spells[id(one)]):
            did(one, high.from_at, None, "escalated", {"level": [low.level, high.level]})
        for number, (first, last) in enumerate(one.open):
            if number:
                did(one, first, one.logged_by, "reopened", {})
            if last:
                did(one, last, one.owner or one.logged_by, "resolved", {"resolution": one.resolution})
    entries.sort(key=lambda entry: entry.at)
    instants = [entry.at for entry in entries]
    AuditEntry.objects.bulk_create(entries)
    # The database says now when an entry is made: these tell of earlier.
    for entry, at in zip(entries, instants, strict=True):
        entry.at = at
    AuditEntry.objects.bulk_update(entries, ["at"], batch_size=500)


def _block(made: Sequence[Story], now: datetime) -> None:
    """What each of them blocked: the items that were marked, or some that were in progress all the time."""
    Block.objects.bulk_create(
        Block(
            impediment=one.row,
            item=stay.item,
            stay=stay,
            from_at=stay.from_at,
            to_at=stay.to_at,
            key=stay.item.key,
            title=stay.item.title,
        )
        for one in made
        for stay in one.marks
    )
    told = [one for one in made if one.items]
    taken: set[int] = set()
    found = {id(one): _items(one, taken, now) for one in told}
    with facts.changing([item.pk for items in found.values() for item, _ in items]):
        for one in told:
            for item, from_at in found[id(one)]:
                begin_blocks(one.row, [item], from_at)
            if one.resolved_at:
                end_blocks(list(one.row.blocks.filter(to_at=None)), one.resolved_at)


def _items(one: Story, taken: set[int], now: datetime) -> list[tuple[WorkItem, datetime]]:
    """Items of the team in progress until now, or until its end, with when it began to block them.

    First those of features, of these the oldest; none that its tool marks as blocked, none twice.
    """
    last = one.resolved_at
    begun = one.clock.after(one.since_at, one.clock.seconds(one.since_at, last or now) * 0.8)
    goes_on = Q(state__in=[FlowState.ACTIVE, FlowState.WAITING])
    flows = ItemFlow.objects.filter(goes_on | Q(finished_at__gte=last) if last else goes_on)
    marked = BlockedStay.objects.filter(to_at=None, item__team=one.team).values("item")
    free = flows.filter(team=one.team, started_at__lte=begun, item__deleted_at=None).exclude(item__in=marked)
    epics = EpicLink.objects.filter(feature__ended_on=None).values("parent")
    is_other = Case(When(item__parent__in=epics, then=0), default=1)
    ordered = free.exclude(item__in=taken).annotate(is_other=is_other).order_by("is_other", "started_at", "item__key")
    rows = list(ordered.select_related("item")[: one.items])
    taken.update(row.item_id for row in rows)
    return [(row.item, max(one.since_at, row.started_at or one.since_at)) for row in rows]


# What came of them


def _onward(rows: dict[str, Impediment], cast: Cast) -> None:
    """Improvement actions, a question to leaders, and one that is the same as another."""
    for planned in IMPROVEMENTS:
        if planned.of in rows:
            rows[planned.of].actions.add(_improvement(planned, rows[planned.of].team, cast))
    what, question = ASKED
    if what in rows:
        row = rows[what]
        decision = raise_decision(
            actor=None,
            kind=DecisionKind.OTHER,
            question=question,
            why="The case desk's team waits for them; three offers are there.",
            stream=row.team.stream,
            at=cast.now - timedelta(days=3),
        )
        row.decisions.add(decision)
    _duplicate(rows, cast)


def _improvement(planned: Improvement, team: Team, cast: Cast) -> Action:
    def day(days: int) -> datetime:
        return cast.now + timedelta(days=days)

    return Action.objects.create(
        name=planned.name,
        team=team,
        owner=cast.who("team" if planned.owner == "member" else planned.owner, team),
        due_on=timezone.localdate(day(planned.due)),
        state=ActionState.OPEN if planned.done is None else ActionState.DONE,
        made_by=cast.people.get("coach"),
        made_at=day(planned.made),
        closed_at=None if planned.done is None else day(planned.done),
        outcome=planned.outcome,
    )


def _duplicate(rows: dict[str, Impediment], cast: Cast) -> None:
    """Somebody logged the same again; the PMO saw it."""
    slug, what, same_as = DUPLICATE
    if same_as not in rows:
        return
    into, team = rows[same_as], cast.teams[slug]
    at = cast.now - timedelta(days=2)
    over_at = at + timedelta(hours=5)
    row = Impediment.objects.create(
        what=what,
        category=into.category,
        team=team,
        state=State.RESOLVED,
        since_at=at,
        logged_at=at,
        logged_by=cast.who("team", team),
        resolved_at=over_at,
        resolution=f"Duplicate of VMO-{into.pk}.",
        root_cause=RootCause.UNKNOWN,
        merged_into=into,
    )
    Period.objects.create(impediment=row, from_at=at, to_at=over_at)
    Spell.objects.create(impediment=row, level=Level.TEAM, from_at=at, to_at=over_at, limit_hours=8)
