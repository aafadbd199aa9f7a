"""What the address of the map asks for, and the form that draws a line on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Q, QuerySet
from django.http import Http404

from accounts.models import User
from core.api import is_text
from core.templatetags.ui import Choice, Entry
from metrics.forms import parse_day
from okrs.models import Cycle, KeyResult, Level, Objective
from okrs.queries import running
from okrs.queries.alignment import Map, Node
from portfolio.forms import Attempt
from portfolio.models import ValueStream


@dataclass(frozen=True, slots=True)
class AskedMap:
    """Which objectives, as of which day; `cycle` None: those of every cycle that runs on the day."""

    day: date
    is_past: bool
    cycle: Cycle | None = None
    stream: ValueStream | None = None
    problem: str = ""

    @property
    def query(self) -> str:
        """The query string that asks the same again."""
        said = {"cycle": self.cycle and self.cycle.slug, "stream": self.stream and self.stream.slug}
        said["as_of"] = self.day.isoformat() if self.is_past else None
        return urlencode({name: value for name, value in said.items() if value})

    def objectives(self, user: User) -> "QuerySet[Objective]":
        """Those asked for that `user` may see; with a value stream, the company's stay."""
        if self.cycle is None:
            found = running(user, None, self.day)
        else:
            found = Objective.objects.for_user(user).filter(cycle=self.cycle)
        if self.stream is None:
            return found
        of_stream = Q(stream=self.stream) | Q(team__stream=self.stream)
        return found.filter(of_stream | Q(level=Level.COMPANY))


def ask(params: Mapping[str, str], user: User, today: date) -> AskedMap:
    """Read cycle, stream and as_of. Raises Http404 for a cycle or stream that is not there for this person."""
    day, problem = today, ""
    if said := params.get("as_of", "").strip():
        try:
            day = parse_day(said)
            if day > today:
                day, problem = today, f"“{said}” has not come yet: this is today."
        except ValueError as error:
            problem = str(error)
    cycle = _one(Cycle.objects.all(), params.get("cycle", ""))
    stream = _one(ValueStream.objects.for_user(user), params.get("stream", ""))
    return AskedMap(day, day < today, cycle, stream, problem)


def _one(found: "QuerySet[Any]", slug: str) -> Any:
    if not slug:
        return None
    one = found.filter(slug=slug).first() if is_text(slug) else None
    if one is None:
        raise Http404
    return one


def pickers(asked: AskedMap, user: User) -> dict[str, Any]:
    """The choices of the page's head."""
    cycles = [Choice("Running", {"cycle": None}, current=asked.cycle is None)]
    cycles += [Choice(one.name, {"cycle": one.slug}, current=one == asked.cycle) for one in Cycle.objects.all()[:40]]
    streams = [Choice("All value streams", {"stream": None}, current=asked.stream is None)]
    seen = ValueStream.objects.for_user(user)
    streams += [Choice(one.name, {"stream": one.slug}, current=one == asked.stream) for one in seen]
    return {
        "cycle_choices": cycles,
        "stream_choices": streams,
        "as_of_text": f"{asked.day:%-d %b %Y}" if asked.is_past else "today",
        "as_of_choices": [Choice("Today", {"as_of": None}, current=not asked.is_past)],
        "as_of_fields": [Entry("as_of", "As of the end of", asked.day.isoformat())],
    }


class AlignForm(Attempt, forms.Form):
    """An objective, and the objective ("o12") or key result ("k34") above it that it supports."""

    objective = forms.ChoiceField(label="This objective")
    goal = forms.ChoiceField(label="Supports")

    def __init__(self, data: Mapping[str, Any] | None = None, *, of: Map, chosen: str = "") -> None:
        super().__init__(data, initial={"objective": chosen})
        self.map = of
        mine = [node for node in of.nodes.values() if node.may_change and node.column and not node.standing.is_closed]
        self.is_offered = bool(mine)
        below: Any = self.fields["objective"]
        below.choices = [("", "Choose an objective"), *((str(node.pk), _label(node)) for node in mine)]
        above: Any = self.fields["goal"]
        above.choices = [("", "Choose what is above it"), *((_label(node), _goals(node)) for node in of.nodes.values())]

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if said.get("objective") and said.get("goal"):
            said |= self._found(said["objective"], said["goal"])
        return said

    def _found(self, objective: str, goal: str) -> dict[str, Any]:
        pk = int(goal[1:])
        key_results: dict[int, KeyResult] = {
            one.pk: one for node in self.map.nodes.values() for one in node.key_results
        }
        above = self.map.nodes[pk].objective if goal[0] == "o" else None
        return {
            "child": self.map.nodes[int(objective)].objective,
            "above": above,
            "key_result": None if above else key_results[pk],
        }

    def add_error(self, field: str | None, error: Any) -> None:
        """What the verb says of `above` or `key_result` is about the goal."""
        super().add_error(field or (None if hasattr(error, "error_dict") else "goal"), error)


def _label(node: Node) -> str:
    return f"{node.place}: {node.objective}"


def _goals(node: Node) -> list[tuple[str, str]]:
    own = [(f"k{one.pk}", f"Key result: {one}") for one in node.key_results]
    return [(f"o{node.pk}", f"The objective “{node.objective}”"), *own]
