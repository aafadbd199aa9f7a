"""The Mix page: what kind of work is finished and held, against the policy of the value stream, and the velocity."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.urls import reverse

from charts import figures as charts
from charts.figures import Level
from charts.theme import SERIES
from dashboards.queries.base import Figures, Widget, count, figures, missing, per_cent, question, stock_trend
from metrics.columns import day_date
from metrics.forms import Asked
from metrics.formulas import flow, frame
from metrics.measurement import Measurement, Number
from metrics.models import ItemKind
from metrics.templatetags.measures import plain, value_text
from portfolio.models import Allocation, ValueStream
from portfolio.queries import Scope

LOAD = "flow_load"
KEYS = ("throughput", LOAD, "velocity")
LABELS = dict(ItemKind.choices)
# Each type has its colour in every figure, whichever of them there are.
INKS = dict(zip(LABELS.values(), SERIES, strict=True))
PLURALS = {
    "feature": "Features", "enabler": "Enablers", "defect": "Defects", "debt": "Debt", "risk": "Risks",
    "other": "Other work",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Policy:
    """What share of the finished work each kind should have, in per cent; none where nobody has set one."""

    stream: str
    address: str
    shares: Mapping[str, int]
    tolerance: int


def policy_of(scope: Scope) -> Policy | None:
    """The allocation policy of the scope's value stream; the portfolio has none."""
    if scope.kind == "portfolio":
        return None
    stream = ValueStream.objects.filter(teams__in=scope.teams).first()
    if stream is None:
        return None
    shares = dict(Allocation.objects.filter(stream=stream).values_list("value_type", "share"))
    address = reverse("organisation_stream", args=[stream.slug])
    return Policy(stream.name, address, shares, stream.allocation_tolerance)


def mix_page(asked: Asked, at: datetime) -> tuple[str, list[Widget]]:
    """The page's finding and its widgets."""
    found = figures(asked, at, [*KEYS])
    kinds, policy = found.reading.measure("flow_distribution"), policy_of(asked.scope)
    widgets = [
        distribution(found, kinds, policy),
        distribution_over_time(found, kinds),
        load(found),
        velocity(found),
    ]
    return finding(asked, kinds, policy), widgets


def finding(asked: Asked, kinds: Measurement, policy: Policy | None) -> str:
    name = asked.scope.name
    if kinds.value is None:
        return f"{name}: {kinds.reason}"
    if policy and policy.shares:
        return f"{name}: {_against(kinds.parts, policy)[:-1]}"
    first = max(kinds.parts, key=lambda kind: kinds.parts[kind])
    share = per_cent(float(kinds.parts[first]))
    return f"{name}: {share} of what is finished is {_mass(first)}"


def _mass(kind: str) -> str:
    return "other work" if kind == "other" else PLURALS[kind].lower()


def off_policy(parts: Mapping[str, Number], policy: Policy) -> list[tuple[str, float, int]]:
    """Kinds whose share lies outside the policy's tolerance: kind, share in per cent, policy; the furthest first."""
    shares = {kind: 100 * float(parts.get(kind, 0)) for kind in policy.shares}
    far = [(kind, share, policy.shares[kind]) for kind, share in shares.items()]
    outside = [one for one in far if abs(one[1] - one[2]) > policy.tolerance]
    return sorted(outside, key=lambda one: -abs(one[1] - one[2]))


def _against(parts: Mapping[str, Number], policy: Policy) -> str:
    """What the policy says of the shares: "Defects took 31 % where the policy says 15 % ± 10."."""
    outside = off_policy(parts, policy)
    if not outside:
        return f"every type is within ± {policy.tolerance} percentage points of the policy of {policy.stream}."
    said = [
        f"{PLURALS[kind]} took {plain(round(share))}\u00a0% where the policy says {target}\u00a0% ± {policy.tolerance}"
        for kind, share, target in outside[:2]
    ]
    more = f", and {len(outside) - 2} more are outside it" if len(outside) > 2 else ""
    return f"{'; '.join(said)}{more}."


def distribution(found: Figures, kinds: Measurement, policy: Policy | None) -> Widget:
    """Shares of the finished items per kind, beside the policy where there is one."""
    key = "flow_distribution"
    if kinds.value is None:
        return missing(found, key, question(key), measured=kinds)
    shown = {k: v for k, v in kinds.parts.items() if v or (policy and policy.shares.get(k))}
    shares = dict(sorted(shown.items(), key=lambda pair: -pair[1]))
    said = ", ".join(f"{per_cent(float(share))} {_mass(kind)}" for kind, share in list(shares.items())[:3])
    answer = f"Of {count(kinds.n, 'finished item')}: {said}."
    tag = tone = ""
    if policy and policy.shares:
        text = _against(kinds.parts, policy)
        answer = f"{text[:1].upper()}{text[1:]}"
        tag, tone = ("off policy", "warn") if off_policy(kinds.parts, policy) else ("within policy", "")
    targets = {LABELS[kind]: share for kind, share in policy.shares.items()} if policy else {}
    return Widget(
        key,
        question(key),
        answer,
        _past_shares(found, next(iter(shares))),
        tag=tag,
        tone=tone,
        spec=charts.shares(
            {LABELS[kind]: round(100 * float(share), 1) for kind, share in shares.items()},
            targets,
            policy.tolerance if policy else 0,
        ),
        query=found.asked.query,
        note=f"shares of {count(kinds.n, 'finished item')}",
        template="" if policy and policy.shares else "dashboards/no_policy.html",
        extra={"policy": policy},
    )


def _past_shares(found: Figures, kind: str) -> str:
    past, days = found.reading.measure("flow_distribution", found.asked.before), found.asked.window.days
    if past.value is None:
        return f"Nothing to compare with in the {days} days before."
    return f"{PLURALS[kind]}: {per_cent(float(past.parts[kind]))} in the {days} days before."


def distribution_over_time(found: Figures, kinds: Measurement) -> Widget:
    """What was finished in each week, by kind."""
    key, text = "throughput", "How does the mix of finished work change?"
    if kinds.value is None or kinds.evidence is None:
        return missing(found, "flow_distribution", text, measured=kinds)
    reading = found.reading
    places = np.searchsorted(reading.columns.ids, kinds.evidence.ids[kinds.evidence.included])
    monday = frame.mondays(frame.finishes(reading.columns).day[places])
    weeks = np.arange(monday.min(), monday.max() + 1, 7)
    cells = (monday - weeks[0]) // 7 * len(LABELS) + reading.columns.kinds[places]
    table = np.bincount(cells, minlength=len(weeks) * len(LABELS)).reshape(len(weeks), len(LABELS))
    bars = {
        label: table[:, place].tolist() for place, label in enumerate(LABELS.values()) if table[:, place].any()
    }  # fmt: skip
    first, second = _halves(table)
    grown = int(np.argmax(second - first))
    kind = list(LABELS)[grown]
    answer = (
        f"{PLURALS[kind]} gained most: {per_cent(first[grown])} in the first half of the weeks, "
        f"{per_cent(second[grown])} in the second."
        if second[grown] > first[grown]
        else "The mix is the same in both halves of the window."
    )
    return Widget(
        key,
        text,
        answer,
        f"{count(kinds.n, 'item')} finished; {value_text(found.before[key].value, 'items')} in the "
        f"{found.asked.window.days} days before.",
        spec=charts.bar(
            [day_date(week) for week in weeks.tolist()],
            bars,
            unit="items",
            stacked=True,
            colours=INKS,
            faint=[flow.is_cut(week, found.asked.window, reading.columns.whole_day) for week in weeks.tolist()],
        ),
        query=found.asked.query,
        note="finished a week, by type; pale: cut by the window",
    )


def _halves(table: frame.Ints) -> tuple[frame.Floats, frame.Floats]:
    """The share of each kind in the earlier and the later half of the weeks."""
    half = max(len(table) // 2, 1)
    parts = [part.sum(axis=0) / max(int(part.sum()), 1) for part in (table[:half], table[-half:])]
    return parts[0], parts[1]


def load(found: Figures) -> Widget:
    """The work in progress at the end of each day, by kind."""
    key, text = LOAD, "How much is in progress, and of what kind?"
    measured = found.now[key]
    if measured.value is None:
        return missing(found, key, text)
    used = [kind for kind in LABELS if any((point.parts or {}).get(kind) for point in measured.series)]
    held = {kind: n for kind, n in measured.parts.items() if n}
    said = ", ".join(_of_kind(n, kind) for kind, n in sorted(held.items(), key=lambda pair: -pair[1])[:3])
    is_or_are = "is" if measured.value == 1 else "are"
    return Widget(
        key,
        text,
        f"{count(measured.value, 'item')} {is_or_are} in progress" + (f": {said}." if len(held) > 1 else "."),
        stock_trend(found, key),
        spec=charts.stacked_area(
            [point.at for point in measured.series],
            {LABELS[kind]: [(point.parts or {}).get(kind, 0) for point in measured.series] for kind in used},
            INKS,
            unit="items",
        ),
        query=found.asked.query,
    )


def _of_kind(n: Number, kind: str) -> str:
    """How many of a kind: "24 features", "1 defect", "3 debt"."""
    return f"{plain(n)} {(LABELS[kind] if n == 1 or kind in {'debt', 'other'} else PLURALS[kind]).lower()}"


def velocity(found: Figures) -> Widget:
    """Finished per iteration in the team's planning unit, with the median of the full ones."""
    key, measured = "velocity", found.now["velocity"]
    if measured.value is None:
        return missing(found, key, question(key))
    unit, series = measured.unit, measured.series
    full = [point for point in series if not point.is_partial]
    last = f"{value_text(full[-1].value, unit)} in the last full iteration; " if full else ""
    before = found.before[key].value
    past = f"{value_text(before, unit)} in the" if before is not None else "nothing to compare with in the"
    unsized = int(measured.detail.get("unsized", 0))
    return Widget(
        key,
        question(key),
        f"{value_text(measured.value, unit)} an iteration: the median of {count(len(full), 'full iteration')}.",
        f"{last}{past} {found.asked.window.days} days before.",
        spec=charts.run_chart(
            [point.at for point in series],
            [point.value or 0 for point in series],
            [Level(measured.value, f"median {plain(measured.value)}", "dash")],
            name="Finished an iteration",
            unit=unit,
            faint=[point.is_partial for point in series],
        ),
        query=found.asked.query,
        note="open circles: iterations the window cuts"
        + (f"; {count(unsized, 'item')} without points add 0" if unsized else ""),
    )
