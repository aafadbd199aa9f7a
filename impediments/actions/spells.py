"""The clocks of levels as rows: a spell begins and ends, and says when its limit will be reached."""

from datetime import datetime
from decimal import Decimal

from impediments.actions.held import keep, values_of
from impediments.clocks import Standing, standing
from impediments.limits import Limits
from impediments.models import Impediment, Level, Spell
from portfolio.rules import Person


def begin_spell(row: Impediment, at: datetime) -> None:
    """The clock of the level that it is at begins."""
    limit = Limits().of(row.level, row.category)
    Spell.objects.create(impediment=row, level=row.level, from_at=at, limit_hours=limit)
    reckon(row, at)


def end_spell(row: Impediment, at: datetime) -> datetime:
    """The clock of the level ends; when that is: `at`, or its beginning if clocks of machines differ."""
    spell = row.spells.filter(to_at=None).first()
    if spell is None:
        return at
    spell.to_at, spell.breach_at = max(at, spell.from_at), None
    spell.save(update_fields=["to_at", "breach_at"])
    return spell.to_at


def to_level(actor: Person, verb: str, row: Impediment, level: int, at: datetime, **also: object) -> None:
    """Bring a held row to a level, whose clock begins now."""
    before = values_of(row)
    at = end_spell(row, at)
    row.level = level
    begin_spell(row, at)
    keep(actor, verb, row, before, **also)


def is_due(found: Standing) -> bool:
    """Whether the next level is to be asked."""
    return found.is_over and found.level < Level.EXECUTIVE


def reckon(row: Impediment, at: datetime) -> None:
    """Write anew when the clock of its level runs out."""
    found = standing([row], at).get(row.pk)
    if found is not None:
        row.spells.filter(pk=found.spell_id, to_at=None).update(breach_at=found.breach_at)


def _follow_limits() -> None:
    """Clocks that run have the limits of now, also one that began while they were changed."""
    limits, wrong = Limits(), dict[Decimal | None, list[int]]()
    rows = Spell.objects.filter(to_at=None).order_by().values_list("pk", "level", "limit_hours", "impediment__category")
    for pk, level, hours, category in rows:
        wanted = limits.of(level, category)
        if wanted != hours:
            wrong.setdefault(wanted, []).append(pk)
    for wanted, pks in wrong.items():
        Spell.objects.filter(pk__in=pks, to_at=None).update(limit_hours=wanted)


def reckon_all(now: datetime) -> list[int]:
    """Write anew when the clocks that run will run out, where that is another instant (a holiday, a limit, a zone).

    Returns the impediments whose limit is reached, the earliest first.
    """
    _follow_limits()
    spells = {one.pk: one for one in Spell.objects.filter(to_at=None).exclude(limit_hours=None, breach_at=None)}
    rows = Impediment.objects.filter(pk__in={one.impediment_id for one in spells.values()}).only("pk", "team_id")
    found = standing(rows, now)
    for one in found.values():
        if one.spell_id in spells and spells[one.spell_id].breach_at != one.breach_at:
            Spell.objects.filter(pk=one.spell_id, to_at=None).update(breach_at=one.breach_at)
    due = [(one.breach_at or now, pk) for pk, one in found.items() if is_due(one)]
    return [pk for _, pk in sorted(due)]
