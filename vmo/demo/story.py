"""What the demo organisation wants and pays for. Everything is invented; days count from the day of loading.

Each stream tells one story: Payments spends ahead of its budget and its refunds lose confidence; Onboarding is on its
way; Platform's money goes to work that moves no key result; Customer care hopes for a result that nobody works on.
"""

from typing import Literal, NamedTuple

Course = Literal["steady", "ahead", "late", "stuck", "falling", "silent", "pending"]


class PlannedTheme(NamedTuple):
    slug: str
    name: str
    description: str


THEMES = (
    PlannedTheme("seconds", "Money moves in seconds", "What took days takes seconds, and all can see where it is."),
    PlannedTheme("one-sitting", "A customer in one sitting", "Nobody waits for a letter to become a customer."),
    PlannedTheme("trust", "A base one can build on", "Identity, data and delivery that need no second thought."),
    PlannedTheme("before-asked", "Answers before the question", "Customers hear from us before they have to ask."),
)


class Bet(NamedTuple):
    """An initiative with what the portfolio knows of it; thousands of the currency. `scores`: WSJF's four parts.

    Those that the plans of the teams have (connectors/demo/plans.py) are found by their name, others are made.
    """

    stream: str
    name: str
    theme: str
    horizon: str
    stage: str
    cost: int
    delay: int  # per week
    scores: tuple[int, int, int, int] | None
    hypothesis: str
    outcome: str
    kind: str = "feature"
    # How many days ago it entered funnel, reviewing, analysing, backlog, implementing, done: as far as it came.
    days: tuple[int, ...] = ()
    verdict: str = ""
    reviewed: int | None = 20
    approved: bool = False


BETS = (
    Bet("payments", "Refunds in one minute", "seconds", "h1", "implementing", 620, 18, (13, 13, 5, 8),
        "If refunds arrive within a minute, half of the calls about them end.",
        "Refund time below two days by the end of the quarter, below a minute by next summer.",
        days=(260, 241, 215, 190, 160), approved=True),
    Bet("payments", "Nothing to ask about a payment", "seconds", "h1", "implementing", 340, 9, (8, 5, 3, 5),
        "Whoever can see where a payment is does not call.", "Calls about payments fall by half.",
        days=(230, 214, 180, 150, 120), approved=True),
    Bet("payments", "Instant transfers by default", "seconds", "h2", "backlog", 480, 14, (13, 20, 8, 13),
        "Instant by default brings the transfers back that left us last year.",
        "Six of ten transfers are instant before the law asks for it.", days=(120, 100, 70, 30)),
    Bet("payments", "Cards without plastic", "seconds", "h3", "analysing", 150, 3, (5, 2, 5, 5),
        "A card that is only in the phone saves its first month's support.", "A tenth of new cards are never printed.",
        days=(90, 75, 40)),
    Bet("payments", "Retire the night batch", "seconds", "h0", "reviewing", 210, 4, (3, 3, 8, 8),
        "Nothing is left in the night batch that a stream cannot do.", "The batch is switched off.", "debt",
        days=(50, 20)),
    Bet("payments", "Fees shown before the click", "seconds", "h1", "done", 90, 2, (5, 5, 2, 3),
        "Who sees the fee first does not complain about it.", "Complaints about fees fall by a third.",
        days=(400, 380, 350, 330, 300, 130), verdict="persevere", reviewed=130),
    Bet("onboarding", "Customer in one sitting", "one-sitting", "h1", "implementing", 410, 12, (13, 8, 3, 8),
        "Who can finish in one sitting does finish.", "Nine of ten people finish on the day they begin.",
        days=(280, 262, 230, 200, 170), approved=True),
    Bet("onboarding", "Companies without paper", "one-sitting", "h2", "implementing", 360, 7, (8, 3, 5, 8),
        "A company register that we read saves its letters.", "No company sends a letter.",
        days=(240, 225, 190, 160, 110), approved=True, reviewed=110),
    Bet("onboarding", "Welcome back", "one-sitting", "h1", "backlog", 120, 4, (5, 3, 2, 2),
        "People who left come back when their data are still there.", "A fifth of those who left return within a year.",
        days=(140, 110, 60, 25)),
    Bet("onboarding", "Parents sign for children", "one-sitting", "h2", "analysing", 180, 2, (3, 2, 2, 5),
        "A child's account brings two adults.", "Four of ten families open a second account.", days=(80, 64, 30)),
    Bet("onboarding", "Sign up by voice", "one-sitting", "h3", "funnel", 90, 1, None,
        "Some people would rather talk than type.", "", days=(12,)),
    Bet("onboarding", "Passport by video call", "one-sitting", "h1", "done", 260, 5, (8, 5, 3, 8),
        "A call replaces the visit to a branch.", "Visits fall by eight of ten.",
        days=(420, 400, 370, 350, 320, 95), verdict="stop", reviewed=95),
    Bet("platform", "Deploy on any day", "trust", "h1", "implementing", 300, 6, (5, 3, 8, 8),
        "Small changes on any day fail less than large ones on Thursdays.", "Every team deploys within an hour.",
        "enabler", days=(250, 230, 200, 180, 150), approved=True),
    Bet("platform", "Ready for the audit", "trust", "h1", "implementing", 190, 10, (8, 13, 13, 5),
        "Findings that are closed by design stay closed.", "No finding of the last audit is open.", "risk",
        days=(200, 185, 160, 140, 100)),
    Bet("platform", "One sign-in for everything", "trust", "h2", "backlog", 280, 5, (8, 3, 5, 8),
        "One sign-in halves the forgotten passwords.", "Customers and staff sign in once.", "enabler",
        days=(150, 130, 90, 40)),
    Bet("platform", "Data one can ask", "trust", "h3", "analysing", 240, 3, (5, 2, 3, 13),
        "Teams that can ask their data decide without a report.", "Ten teams answer their own questions.", "enabler",
        days=(100, 85, 55)),
    Bet("platform", "Leave the second data centre", "trust", "h0", "reviewing", 520, 8, (3, 5, 13, 20),
        "One data centre and a cloud cost less than two data centres.", "The contract ends in June.", "debt",
        days=(60, 33)),
    Bet("customer-care", "Answers before the question", "before-asked", "h2", "implementing", 230, 5, (8, 5, 3, 5),
        "Who hears from us first does not call.", "A third of the calls never happens.",
        days=(220, 200, 170, 150, 130), approved=True),
    Bet("customer-care", "One case, one owner", "before-asked", "h1", "implementing", 170, 4, (5, 5, 2, 3),
        "One person who knows the case ends it sooner.", "Cases end in two days.", days=(190, 176, 150, 130, 90)),
    Bet("customer-care", "Help that knows you", "before-asked", "h3", "reviewing", 130, 2, (5, 2, 2, 5),
        "Help that knows what you have just done is read.", "Half of the readers find what they look for.",
        days=(45, 18)),
    Bet("customer-care", "Ask once a year", "before-asked", "h1", "funnel", 40, 1, None,
        "One good question a year tells more than fifty stars.", "", days=(6,)),
)  # fmt: skip


class PlannedResult(NamedTuple):
    """A key result; `course` says how its check-ins went. `moved_by`: initiatives with the lift expected of them."""

    name: str
    kind: str
    unit: str
    baseline: float
    target: float
    course: Course
    weight: float = 1
    moved_by: tuple[tuple[str, float], ...] = ()
    kpi: str = ""


class PlannedGoal(NamedTuple):
    """An objective of this quarter; no stream: the company's. `above` is the name of what it supports."""

    stream: str
    team: str
    name: str
    theme: str
    ambition: str
    results: tuple[PlannedResult, ...]
    above: str = ""


GOALS = (
    PlannedGoal("", "", "Customers trust us with every payment", "seconds", "aspirational", (
        PlannedResult("Customers who would recommend us", "increase", "%", 48, 60, "steady", 2),
        PlannedResult("Complaints a month", "reduce", "complaints", 1900, 1200, "late"),
    )),
    PlannedGoal("", "", "Everybody becomes a customer without waiting", "one-sitting", "committed", (
        PlannedResult("New customers a month", "increase", "thousand", 21, 30, "ahead"),
        PlannedResult("Cost of a new customer", "band", "EUR", 34, 42, "steady"),
    )),
    PlannedGoal("payments", "", "A refund is no reason to call", "seconds", "committed", (
        PlannedResult("Refund time", "reduce", "days", 5.2, 2, "falling", 2, (("Refunds in one minute", -2.4),)),
        PlannedResult("Calls about payments a week", "reduce", "calls", 5400, 2700, "late", 1,
                      (("Nothing to ask about a payment", -1500), ("Refunds in one minute", -800))),
        PlannedResult("Instant transfers offered to every customer", "milestone", "", 0, 1, "pending"),
    ), "Customers trust us with every payment"),
    PlannedGoal("payments", "heron", "Tested on the day it is built", "seconds", "committed", (
        PlannedResult("Items in progress", "metric", "items", 46, 24, "steady", 1, (), "heron-in-progress"),
        PlannedResult("Defects found by customers a month", "reduce", "defects", 14, 6, "stuck"),
    ), "A refund is no reason to call"),
    PlannedGoal("onboarding", "", "Finish what you began, today", "one-sitting", "committed", (
        PlannedResult("Sign-ups finished on the same day", "increase", "%", 61, 90, "ahead", 2,
                      (("Customer in one sitting", 18),)),
        PlannedResult("Companies that sent a letter", "reduce", "%", 74, 20, "steady", 1,
                      (("Companies without paper", -40),)),
    ), "Everybody becomes a customer without waiting"),
    PlannedGoal("platform", "", "Any team delivers on any day", "trust", "aspirational", (
        PlannedResult("Findings of the audit still open", "reduce", "findings", 31, 0, "steady", 1,
                      (("Ready for the audit", -20),)),
        PlannedResult("Availability of sign-in", "band", "%", 99.9, 100, "steady"),
    ), "Customers trust us with every payment"),
    PlannedGoal("customer-care", "", "The same question is never asked twice", "before-asked", "committed", (
        PlannedResult("Cases ended within two days", "increase", "%", 52, 80, "steady", 1,
                      (("One case, one owner", 15),)),
        PlannedResult("Customers who found their answer alone", "increase", "%", 38, 60, "ahead"),
        PlannedResult("Calls that a message made needless", "increase", "%", 0, 30, "silent", 1,
                      (("Answers before the question", 22),)),
    ), "Customers trust us with every payment"),
)  # fmt: skip


class PlannedKpi(NamedTuple):
    """A key figure: its value some months ago, now, and where it should be; with `measure` the portal fills it."""

    stream: str
    slug: str
    name: str
    unit: str
    better: str
    then: float
    now: float
    target: float
    measure: str = ""
    team: str = ""


KPIS = (
    PlannedKpi("payments", "payment-volume", "Payments a day", "thousand", "more", 410, 452, 500),
    PlannedKpi("payments", "failed-payments", "Payments that fail", "%", "less", 1.9, 1.3, 1.0),
    PlannedKpi("payments", "heron-in-progress", "Items in progress at Heron", "items", "less", 0, 0, 24, "wip",
               "heron"),
    PlannedKpi("onboarding", "activation", "New customers who pay within a week", "%", "more", 44, 53, 60),
    PlannedKpi("platform", "platform-lead-time", "Hours from commit to production", "hours", "less", 0, 0, 48,
               "change_lead_time"),
    PlannedKpi("customer-care", "first-answer", "Hours to the first answer", "hours", "less", 9, 5, 4),
)  # fmt: skip

# Budgets a quarter in thousands: of the quarters before, this one, the next. Payments was given less than it spends.
BUDGETS = {
    "payments": (1040, 1060, 1120),
    "onboarding": (900, 960, 960),
    "platform": (940, 960, 980),
    "customer-care": (860, 900, 900),
}
# In this quarter Payments' first budget was lower: thousands, how many days after the quarter began it was raised.
AMENDED = {"payments": (980, 24, "Refunds need the bank's test environment for a second month")}
HORIZONS = {"h0": (5, 5), "h1": (60, 10), "h2": (25, 8), "h3": (10, 5)}
LIMITS = {"reviewing": 4, "analysing": 4, "backlog": 6, "implementing": 8}
THRESHOLD = 200
