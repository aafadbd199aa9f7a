"""What people do to initiatives: what they are, and their way through the stages of the portfolio Kanban.

Whatever would put an initiative into `implementing`, or make one there dearer, asks for its approval first
(portfolio/actions/approvals.py); whatever puts one into a stage keeps the stage's limit (portfolio/actions/limits.py).
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime, time
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from portfolio.actions.approvals import check_approval
from portfolio.actions.limits import check_limits, tell_board
from portfolio.actions.writing import change, check_days, create, lock, short_name
from portfolio.models import WSJF_PARTS, Initiative, Stage, StageEntry, Team, ValueStream, Verdict
from portfolio.rules import Person, require

# Who may write these, beside whoever manages the work of the place.
STEERING = {*WSJF_PARTS, "manual_rank", "manual_rank_reason", "theme"}
MONEY = {"estimated_cost", "cost_of_delay"}
# Written by moving it, never beside.
MOVED = {"stage", "verdict", "ended_on", "version"}


def _free_slug(name: str) -> str:
    """A short name made of `name` that no initiative has: the same goal may be set in several streams."""
    stem = short_name(name, "", 74)
    taken = set(Initiative.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    numbered = (f"{stem}-{number}" for number in range(2, len(taken) + 3))
    return stem if stem not in taken else next(slug for slug in numbered if slug not in taken)


def _names(teams: Collection[Team]) -> list[str]:
    return sorted(team.name for team in teams)


def _check_rights(actor: Person, stream: ValueStream, written: Collection[str]) -> None:
    """The work needs one right; scores, ranks and themes another; and who may not see money writes none."""
    require(actor, "manage_work", stream)
    if STEERING & set(written):
        require(actor, "manage_portfolio", stream)
    if MONEY & set(written):
        require(actor, "see_money", stream)


def _check_rank(fields: Mapping[str, Any]) -> None:
    if fields.get("manual_rank") and not (fields.get("manual_rank_reason") or "").strip():
        raise ValidationError({"manual_rank_reason": "A rank given by hand needs a reason."})


def _instant(on: date | None) -> datetime:
    """When a move of a day is told to have been: now for today (or later), noon for a day that is over."""
    if on is None or on >= timezone.localdate():
        return timezone.now()
    return timezone.make_aware(datetime.combine(on, time(12)))


def _ending(stage: str, verdict: str, on: date | None) -> dict[str, Any]:
    """The columns that go with a stage: what is done has a verdict and a last day, nothing else has."""
    if stage != Stage.DONE:
        return {"stage": stage, "verdict": "", "ended_on": None}
    return {"stage": stage, "verdict": verdict or Verdict.PERSEVERE.value, "ended_on": on or timezone.localdate()}


def create_initiative(
    *,
    actor: Person,
    stream: ValueStream,
    name: str,
    slug: str = "",
    teams: Collection[Team] = (),
    stage: str = Stage.FUNNEL,
    verdict: str = "",
    override: str = "",
    on: date | None = None,
    **fields: Any,
) -> Initiative:
    """`fields`: any other column of Initiative but its version. `teams` would work on it: for the unrefined.

    It enters `stage` on the day `on` (default: today); any but the funnel needs the right to move initiatives, and
    passing the stage's limit an `override`. Money needs the right to see it.
    """
    _check_rights(actor, stream, [name for name, value in fields.items() if value not in (None, "")])
    if stage == Stage.FUNNEL and fields.get("ended_on"):
        stage = Stage.DONE
    if stage != Stage.FUNNEL:
        require(actor, "manage_portfolio", stream)
    check_days(fields.get("started_on"), fields.get("due_on"))
    _check_rank(fields)
    slug = short_name(name, slug, 80) if slug or not slugify(name) else _free_slug(name)
    with transaction.atomic():
        fields |= _ending(stage, verdict, fields.get("ended_on") or on)
        thing = Initiative(stream=stream, name=name, slug=slug, **fields)
        cost = thing.estimated_cost
        check_approval(thing, stage=stage, cost=cost, stream_id=stream.pk, field="stage")
        kept = check_limits(thing, stream.pk, stage, override)
        made = create(actor, "created", thing, {"teams": _names(teams)} if teams else None)
        made.teams.set(teams)
        _enter(made, stage, _instant(on or fields["ended_on"]), actor, kept)
        tell_board()
    return made


def _enter(initiative: Initiative, stage: str, at: datetime, actor: Person, override: str) -> None:
    by = actor.pk if actor else None
    StageEntry.objects.create(initiative=initiative, stage=stage, at=at, by_id=by, override=override)


def change_initiative(
    *,
    actor: Person,
    initiative: Initiative,
    teams: Collection[Team] | None = None,
    version: int | None = None,
    override: str = "",
    **fields: Any,
) -> Initiative:
    """`fields`: any column but stage, verdict and last day (see move_initiative). No `teams`: they stay.

    Moving it to another value stream needs the rights there too, and room in its stage there (or an `override`).
    """
    if MOVED & fields.keys():
        raise ValidationError("An initiative changes its stage by being moved.")
    with transaction.atomic():
        row = lock(initiative, version)
        written = [name for name, value in fields.items() if getattr(row, name) != value]
        _check_rights(actor, row.stream, written)
        if "stream" in written:
            _check_rights(actor, fields["stream"], written)
        _check_change(row, fields, override)
        before = list(row.teams.all())
        moved = teams is not None and {team.pk for team in teams} != {team.pk for team in before}
        also = {"teams": [", ".join(_names(before)), ", ".join(_names(teams or ()))]} if moved else None
        changed = change(actor, "changed", row, fields, also)
        if teams is not None:
            changed.teams.set(teams)
        if changed.version != row.version:
            tell_board()
    return changed


def _check_change(row: Initiative, fields: Mapping[str, Any], override: str) -> None:
    """What the form cannot know: days, ranks, approvals and limits, of the row as it would be."""
    check_days(fields.get("started_on", row.started_on), fields.get("due_on", row.due_on))
    reason = fields.get("manual_rank_reason", row.manual_rank_reason)
    _check_rank({"manual_rank": fields.get("manual_rank", row.manual_rank), "manual_rank_reason": reason})
    cost, stream = fields.get("estimated_cost", row.estimated_cost), fields.get("stream", row.stream)
    is_raised = cost is not None and cost > (row.estimated_cost or 0)
    if is_raised or stream.pk != row.stream_id:
        field = "estimated_cost" if is_raised else "stream"
        check_approval(row, stage=row.stage, cost=cost, stream_id=stream.pk, field=field)
    if stream.pk != row.stream_id and row.stage != Stage.DONE:
        check_limits(row, stream.pk, row.stage, override)


def move_initiative(
    *,
    actor: Person,
    initiative: Initiative,
    stage: str,
    version: int | None = None,
    override: str = "",
    verdict: str = "",
    on: date | None = None,
) -> Initiative:
    """Move it to a stage, on the day `on` (default: today). To where it is: nothing happens but a new verdict.

    `override`: why the limit of the stage may be passed. What becomes `done` gets `verdict` (default: persevere) and
    the last day `on`, and its features must be closed by then; what leaves it goes on. Raises Conflict when the
    initiative is not at `version` any more.
    """
    require(actor, "manage_portfolio", initiative.stream)
    if stage not in Stage.values:
        raise ValidationError({"stage": f"There is no stage “{stage[:40]}”."})
    with transaction.atomic():
        row = lock(initiative, version)
        if stage == row.stage:
            return _judge(actor, row, verdict, on)
        last = row.stages.last()
        at = _instant(on)
        if last and at < last.at and stage != Stage.DONE:
            raise ValidationError({"on": f"It came to {row.get_stage_display().lower()} later: {last.at:%-d %b %Y}."})
        if stage == Stage.DONE:
            _check_features(row, on or timezone.localdate())
        check_approval(row, stage=stage, cost=row.estimated_cost, stream_id=row.stream_id, field="stage")
        kept = "" if stage == Stage.DONE else check_limits(row, row.stream_id, stage, override)
        moved = change(actor, "moved", row, _ending(stage, verdict, on), {"override": kept} if kept else None)
        _enter(moved, stage, max(at, last.at) if last else at, actor, kept)
        tell_board()
    return moved


def _judge(actor: Person, row: Initiative, verdict: str, on: date | None) -> Initiative:
    """It is where it should be: only what was decided about it, or its last day, may be new."""
    if row.stage != Stage.DONE:
        return row
    return change(actor, "changed", row, {"verdict": verdict or row.verdict, "ended_on": on or row.ended_on})


def _check_features(initiative: Initiative, on: date) -> None:
    running = initiative.features.exclude(ended_on__lte=on).count()
    if running:
        features = "1 feature of it goes" if running == 1 else f"{running} features of it go"
        raise ValidationError({"on": f"{features} on after that day: close or move them first."})


def close_initiative(
    *, actor: Person, initiative: Initiative, on: date, verdict: str = "", version: int | None = None
) -> Initiative:
    """`on` is its last day. Refused while features of it go on after that day."""
    return move_initiative(
        actor=actor, initiative=initiative, stage=Stage.DONE, verdict=verdict, on=on, version=version
    )


def reopen_initiative(*, actor: Person, initiative: Initiative, override: str = "") -> Initiative:
    """Back to the stage where it was before it was done; the backlog when that is not known."""
    before = initiative.stages.exclude(stage=Stage.DONE).last()
    stage = initiative.stage if initiative.stage != Stage.DONE else before.stage if before else Stage.BACKLOG
    return move_initiative(actor=actor, initiative=initiative, stage=stage, override=override)
