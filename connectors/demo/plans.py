"""What the demo organisation means to do: initiatives, features made of epics, policies and expectations.

Onboarding keeps its allocation policy; Platform, which is meant to build for others, clearly does not. Heron was given
an expectation by somebody who never saw its queue for tests, and misses it.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from connectors.demo.epics import Epic, epics
from connectors.demo.titles import THINGS
from connectors.demo.world import EXPERIMENT_DAY, Profile

# An epic's last items are finished about five weeks after it took the last one; where work waits for a test, later.
SETTLED = timedelta(days=35)
CLOSED_FEATURES = 5


class PlannedInitiative(NamedTuple):
    """`teams` would work on it, where it is not broken down yet: no feature is made for it."""

    stream: str
    name: str
    kind: str
    description: str
    due: int  # days from the day of loading
    teams: tuple[str, ...] = ()


INITIATIVES = (
    PlannedInitiative("payments", "Refunds in one minute", "feature",
                      "Money is back on the customer's account within a minute of the refund.", 75),
    PlannedInitiative("payments", "Nothing to ask about a payment", "feature",
                      "Whoever looks at a payment sees where it is; half of today's calls are about that.", 120),
    PlannedInitiative("payments", "Instant transfers by default", "feature",
                      "The slow way becomes the exception before the law asks for it.", 180, ("falcon", "swift")),
    PlannedInitiative("onboarding", "Customer in one sitting", "feature",
                      "Nine of ten people who begin to sign up finish on the same day.", 90),
    PlannedInitiative("onboarding", "Companies without paper", "feature",
                      "A company becomes a customer without sending a single letter.", 140),
    PlannedInitiative("platform", "Deploy on any day", "enabler",
                      "Every team can bring a change to production within an hour.", 100),
    PlannedInitiative("platform", "Ready for the audit", "risk",
                      "The findings of the last audit are closed, and stay closed.", 60),
    PlannedInitiative("platform", "One sign-in for everything", "enabler",
                      "Customers and staff sign in once.", 200, ("kite", "osprey", "tern")),
    PlannedInitiative("customer-care", "Answers before the question", "feature",
                      "Customers hear from us before they notice.", 110),
    PlannedInitiative("customer-care", "One case, one owner", "feature",
                      "Nobody tells the same story twice.", 80),
)  # fmt: skip

# Per cent of finished work by kind.
ALLOCATIONS = {
    "payments": {"feature": 55, "enabler": 10, "defect": 15, "debt": 10, "risk": 5, "other": 5},
    "onboarding": {"feature": 50, "enabler": 10, "defect": 15, "debt": 10, "risk": 5, "other": 10},
    "platform": {"feature": 20, "enabler": 40, "defect": 10, "debt": 20, "risk": 10},
    "customer-care": {"feature": 60, "enabler": 5, "defect": 15, "debt": 10, "other": 10},
}
TOLERANCE = 10

# 85 % of the items in so many days: the kind ("" is any other), the days, from how many days after the start on.
EXPECTED = {
    "falcon": (("", 15, 0), ("defect", 12, 0)),
    "heron": (("", 20, 0),),
    "swift": (("", 8, 0), ("defect", 6, 0)),
    "ibis": (("", 13, 0),),
    "wren": (("", 11, 0),),
    "egret": (("", 14, 0),),
    "kite": (("", 21, 0), ("", 11, EXPERIMENT_DAY + 30)),
    "osprey": (("", 13, 0),),
    "tern": (("", 18, 0),),
    "lark": (("", 11, 0),),
    "plover": (("", 17, 0),),
    "curlew": (("", 13, 0),),
}


class PlannedFeature(NamedTuple):
    """A feature in the order it is worked; with an `epic` its items come from there, without it is not broken down."""

    name: str
    kind: str
    initiative: str
    due: date | None
    epic: Epic | None = None
    guess: int | None = None
    closed: date | None = None


def _friday(day: date) -> date:
    return day + timedelta(days=(4 - day.weekday()) % 7)


def features(profile: Profile, first: date, today: date) -> Iterator[PlannedFeature]:
    """The team's features on `today`: the last ones it closed, those it works on, and those that are still ideas."""
    goals = [plan.name for plan in INITIATIVES if plan.stream == profile.stream and not plan.teams]
    known = epics(profile, first, today)
    after = SETTLED + (timedelta(days=28) if profile.slug == "heron" else timedelta())
    settled = [epic for epic in known if epic.ends + after <= today]
    for epic in settled[-CLOSED_FEATURES:]:
        yield PlannedFeature(epic.name, epic.kind, "", None, epic, closed=epic.ends + after)
    # Nobody has made a feature of the newest yet: the epics without a feature are offered on the team's page.
    for epic in known[len(settled) : -1]:
        promised = _friday(epic.ends + timedelta(days=14 if profile.slug == "heron" else 28))
        yield PlannedFeature(epic.name, epic.kind, goals[epic.number % len(goals)], promised, epic)
    place = sum(map(ord, profile.slug))
    things = THINGS[profile.stream]
    ideas = [f"Next version of {things[place % len(things)]}", "Reports people make themselves"]
    for n, name in enumerate(ideas[: 1 + place % 2]):
        guess = None if n else 10 + place % 15
        due = None if n else _friday(today + timedelta(days=90 + place % 40))
        yield PlannedFeature(name, "feature", goals[(place + n) % len(goals)], due, guess=guess)
