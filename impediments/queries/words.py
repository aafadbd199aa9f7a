"""How times read: clocks in business hours, ages in working days."""

from impediments.clocks import Age, Standing
from impediments.models import Level

# The clock of a level is said in the colour of a warning when no more than this share of it is left.
SOON = 0.25
TONES = {Level.TEAM: "", Level.PMO: "warn", Level.BOARD: "bad", Level.EXECUTIVE: "bad"}
# Who acts at a level, as a sentence has it.
WHO = {
    Level.TEAM: "the team",
    Level.PMO: "the PMO",
    Level.BOARD: "the VMO board",
    Level.EXECUTIVE: "the executives",
}


def hours_text(seconds: float) -> str:
    """A length of business time: “45 min”, “5 h 20 min”, from ten hours on in whole hours."""
    minutes = max(0, int(seconds) // 60)
    hours, rest = divmod(minutes, 60)
    if hours >= 10 or (hours and not rest):
        return f"{hours}\u00a0h"
    return f"{hours}\u00a0h {rest}\u00a0min" if hours else f"{rest}\u00a0min"


def days_text(days: float) -> str:
    """A number of working days: whole from ten on, else with one decimal unless it is 0."""
    text = f"{int(days)}" if days >= 10 else f"{days:.1f}".removesuffix(".0")
    return f"{text}\u00a0working day{'' if text == '1' else 's'}"


def age_text(age: Age) -> str:
    """An age: in hours during the first working day, then in working days."""
    return days_text(age.days) if age.days >= 1 else hours_text(age.seconds)


def level_text(level: int) -> str:
    """A level with its number, as tags have it: “2 · PMO”."""
    return f"{level} · {Level(level).label}"


def left(standing: Standing) -> float | None:
    """Business seconds that a level has left; None without a limit."""
    return None if standing.limit_seconds is None else standing.limit_seconds - standing.used_seconds


def clock_text(standing: Standing) -> str:
    """The clock of a level in few words."""
    remaining = left(standing)
    if standing.is_paused:
        return f"paused until {standing.until_on:%-d %b}" if standing.until_on else "clock paused"
    if remaining is None:
        return "no limit"
    return f"{hours_text(remaining)} left" if remaining > 0 else "limit reached"


def clock_tone(standing: Standing) -> str:
    """Its colour: the words say the same."""
    remaining = left(standing)
    if standing.is_paused or remaining is None or not standing.limit_seconds:
        return ""
    return "bad" if remaining <= 0 else "warn" if remaining <= SOON * standing.limit_seconds else ""
