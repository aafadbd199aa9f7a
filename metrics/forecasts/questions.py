"""What can be asked of a forecast: how many items, until when, of which work, and what if things were different."""

from dataclasses import dataclass, field, replace
from datetime import date

from metrics.formulas.stats import DRAWN
from metrics.measurement import ALL_ITEMS, Facets

# The days before as_of that are sampled, unless the question says otherwise (docs/users/measures.md, Forecasts).
SAMPLE_DAYS = 84
FEWEST_SAMPLE_DAYS, MOST_SAMPLE_DAYS = 7, 730
MOST_ITEMS = 100_000
MOST_LIMIT = 100


class BadQuestion(ValueError):
    """A question that cannot be answered; `problems` are messages for people, by the name of the field."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What is different in the variant that stands beside the forecast. All left alone: no variant.

    `people`: full-time shares added to a team, in per cent of one person (50: half a person more, -100: one fewer);
    throughput grows in proportion to the shares of the team's members. `throughput`: per cent of today's (120: a fifth
    more). Both for the team of slug `team`, or for each where none is named. `unblock`: as if no item had been blocked;
    `unblock_stays`: as if these blocked stays (primary keys) had not been, and all others had.
    `drop_items`: so many of the items asked for are not done. `drop_features`: primary keys of features that are not
    done. `wip_limit`: how many features are worked on at a time.
    """

    people: int = 0
    throughput: int = 100
    unblock: bool = False
    unblock_stays: tuple[int, ...] = ()
    drop_items: int = 0
    drop_features: tuple[int, ...] = ()
    wip_limit: int | None = None
    team: str = ""

    @property
    def is_nothing(self) -> bool:
        return replace(self, team="") == NOTHING


NOTHING = WhatIf()


@dataclass(frozen=True, slots=True)
class Question:
    """`items`: when are so many finished? `by`: how many by the end of that day, and with which chance `items`?

    `facets` choose whose finishes are sampled, and `share` (per cent, 1…100) which part of them goes to the work asked
    about; both default to all. `only_features`: sample only items that belong to some feature; None is as usual: for
    queues (features, initiatives) each team that has enough of them, for items no team (see `samples.Sampled`).
    `wip_limit`: how many features a team works on at a time. `ranks`: percentiles.
    """

    items: int | None = None
    by: date | None = None
    facets: Facets = ALL_ITEMS
    share: int = 100
    only_features: bool | None = None
    wip_limit: int = 1
    sample_days: int = SAMPLE_DAYS
    ranks: tuple[int, ...] = DRAWN
    what_if: WhatIf = field(default=NOTHING)

    def check(self, today: date) -> None:
        """Raise BadQuestion for what is out of range; `today` is as_of's local day."""
        problems = {
            "items": _range(self.items, 1, MOST_ITEMS, "items"),
            "share": _range(self.share, 1, 100, "per cent"),
            "wip_limit": _range(self.wip_limit, 1, MOST_LIMIT, "features"),
            "sample_days": _range(self.sample_days, FEWEST_SAMPLE_DAYS, MOST_SAMPLE_DAYS, "days"),
            "people": _range(self.what_if.people, -10_000, 10_000, "per cent of a person"),
            "throughput": _range(self.what_if.throughput, 1, 1_000, "per cent"),
            "drop_items": _range(self.what_if.drop_items, 0, MOST_ITEMS, "items"),
            "what_if_wip_limit": _range(self.what_if.wip_limit, 1, MOST_LIMIT, "features"),
            "by": _day(self.by, today),
            "ranks": _ranks(self.ranks),
        }
        if found := {name: text for name, text in problems.items() if text}:
            raise BadQuestion(found)


def _range(value: int | None, least: int, most: int, unit: str) -> str:
    if value is None or least <= value <= most:
        return ""
    return f"Give a whole number of {unit} from {least} to {most}; {value} is not."


def _ranks(ranks: tuple[int, ...]) -> str:
    if ranks and all(1 <= rank <= 99 for rank in ranks):
        return ""
    return "A percentile is a whole number from 1 to 99."


def _day(by: date | None, today: date) -> str:
    if by is None:
        return ""
    if by <= today:
        return f"{by} is not after {today}: a forecast is about days to come."
    if (by - today).days > HORIZON_DAYS:
        return f"{by} is more than ten years after {today}."
    return ""


# How far a forecast looks: ten years.
HORIZON_DAYS = 3652
# "How many" is asked for twelve weeks from now, unless a day is said.
DEFAULT_DAYS = 84
