"""What decisions rest on: every app adds its facts and signs about initiatives and value streams.

Facts are what a decision freezes when it is made. Signs are the criteria of the pivot-or-persevere rule
(two of three must hold); each app answers for many initiatives in one call.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from core.templatetags.ui import money
from portfolio.formulas.wsjf import value_of
from portfolio.models import Initiative, StageEntry, ValueStream

Subject = Initiative | ValueStream


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure as it stood: `key` for programs, `label` and `text` for people; `address` leads to where it is today.

    `is_money`: shown only to those who may see the money of its stream.
    """

    key: str
    label: str
    text: str
    value: float | str | None = None
    unit: str = ""
    is_money: bool = False
    address: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Sign:
    """Whether a criterion holds for an initiative (None: it cannot be told), and why, in words.

    `fingerprint` changes when there is news: a dismissed proposal comes back only then.
    """

    holds: bool | None
    text: str
    fingerprint: str = ""
    is_money: bool = False


SignName = Literal["confidence", "landing", "value"]
# Facts about one subject as at an instant.
Facts = Callable[[Subject, datetime], Iterable[Fact]]
# Signs of initiatives by their ids, as at an instant; one left out cannot be told.
Signs = Callable[[Collection[int], datetime], Mapping[int, Sign]]
_facts: dict[Facts, int] = {}
_signs: dict[SignName, Signs] = {}


def register_facts(maker: Facts, *, rank: int) -> None:
    """Called once by an app when the portal starts; facts of the lowest rank come first."""
    _facts[maker] = rank


def register_sign(name: SignName, maker: Signs) -> None:
    """Called once by the app that can tell whether the criterion `name` holds."""
    _signs[name] = maker


def facts(subject: Subject, as_of: datetime) -> list[Fact]:
    """Everything that the apps know about a subject, as at an instant."""
    makers = [portfolio_facts, *sorted(_facts, key=lambda one: _facts[one])]
    return [fact for maker in makers for fact in maker(subject, as_of)]


def signs(ids: Collection[int], as_of: datetime) -> dict[int, dict[SignName, Sign]]:
    """The signs of each initiative by name; every id has an entry."""
    found: dict[int, dict[SignName, Sign]] = {pk: {} for pk in ids}
    for name, maker in _signs.items() if ids else ():
        for pk, sign in maker(ids, as_of).items():
            found[pk][name] = sign
    return found


SIGN_LABELS: Mapping[SignName, str] = {
    "confidence": "Sign: confidence falls",
    "landing": "Sign: the next milestone hardly lands",
    "value": "Sign: much money for little value",
}


def sign_facts(initiative: Initiative, as_of: datetime) -> list[Fact]:
    """The criteria of pivot-or-persevere as facts, for a decision about it."""
    found = signs([initiative.pk], as_of)[initiative.pk]
    words = {True: "holds", False: "does not hold", None: "cannot be told"}
    return [
        Fact(f"sign.{name}", label, f"{words[sign.holds]}: {sign.text}", is_money=sign.is_money)
        for name, label in SIGN_LABELS.items()
        if (sign := found.get(name)) is not None
    ]


def portfolio_facts(subject: Subject, as_of: datetime) -> Sequence[Fact]:
    """Of an initiative: where it stands on its way, its score, what it costs and what waiting for it costs."""
    return list(_of_initiative(subject, as_of)) if isinstance(subject, Initiative) else []


def _of_initiative(one: Initiative, as_of: datetime) -> Iterator[Fact]:
    address = reverse("initiative", args=[one.slug])
    entry = StageEntry.objects.filter(initiative=one, at__lte=as_of).order_by("-at", "-pk").first()
    if entry is not None:
        text = f"{entry.get_stage_display()}, since {timezone.localtime(entry.at):%-d %b %Y}"
        yield Fact("stage", "Stage", text, entry.stage, address=address)
    score = value_of((one.business_value, one.time_criticality, one.risk_reduction, one.job_size))
    if score is not None:
        yield Fact("wsjf", "WSJF", f"{float(score):.1f}", float(score), address=address)
    if one.due_on:
        yield Fact("due_on", "Due on", f"{one.due_on:%-d %b %Y}", one.due_on.isoformat(), address=address)
    for key, label, amount in (
        ("estimated_cost", "Estimated cost", one.estimated_cost),
        ("cost_of_delay", "Cost of delay a week", one.cost_of_delay),
    ):
        if amount is not None:
            yield Fact(key, label, money(amount), float(amount), settings.CURRENCY, is_money=True, address=address)
