"""What is in the way of the demo organisation, and what was. Everything is invented.

Nobody logged that Onboarding's teams wait for procurement: the portal finds it in their data. What was marked as
blocked in a team's tool was logged now and then (MARKS); the rest has nothing to do with marks (PAST, OPEN).
"""

from typing import NamedTuple

# Marks with these words are nobody's impediment: that is for the portal to find.
UNLOGGED = "procurement"


class Kind(NamedTuple):
    """What people log when several items are marked with a reason; `words` are in the reason, in small letters."""

    words: str
    category: str
    what: str
    asked: str
    cause: str
    resolution: str


MARKS = (
    Kind("test environment", "infrastructure", "The test environment is down", "Restore it, and tell us until when",
         "system", "The environment was set up again from its description."),
    Kind("another team", "team", "Waiting for another team", "Agree who goes first", "communication",
         "The other team took it into its next iteration."),
    Kind("other team", "team", "Waiting for another team", "Agree who goes first", "capacity",
         "The other team lent us somebody for two days."),
    Kind("access rights", "access", "Access rights are missing", "Approve the request", "process",
         "The rights were given; the request had waited for a second signature."),
    Kind("question", "decision", "A question to the business is open", "Answer it, or say who may", "communication",
         "The product owner answered in the review."),
    Kind("test data", "infrastructure", "Test data are missing", "Give us masked data of one day", "system",
         "A job copies masked data every night now."),
    Kind("legal review", "legal", "A legal review is open", "Say what else they need to know", "capacity",
         "Reviewed; legal keeps an hour a week for us now."),
)  # fmt: skip


class Said(NamedTuple):
    """A comment of a person by the name of their role (or "team"), so many business hours after the logging."""

    who: str
    after: float
    text: str


class Hurdle(NamedTuple):
    """`ago`: business hours between the logging and the day of loading; `since`: those it was in the way before that.

    `hours`: business hours until it was resolved, None: it is still there. `paused`: hours after the logging, how many
    hours (None: still), why. `promised`: days from the day of loading. `again`: it came back so many business hours
    after it was resolved, and was there for so many.
    """

    team: str
    category: str
    what: str
    ago: float
    since: float = 2
    items: int = 1
    description: str = ""
    asked: str = ""
    owner: str = ""
    state: str = "resolved"
    hours: float | None = None
    cause: str = ""
    resolution: str = ""
    is_external: bool = False
    paused: tuple[float, float | None, str] | None = None
    promised: int | None = None
    again: tuple[float, float] | None = None
    via: str = "page"
    said: tuple[Said, ...] = ()


OPEN = (
    Hurdle("falcon", "vendor", "The bank's test environment is missing", 118, 16, 3,
           "Refunds can only be tried against the real bank. The bank promised an environment for last month.",
           "Call the bank's operations: a date for the environment, or leave to use our own simulator",
           "leader", "waiting", is_external=True, promised=21,
           said=(Said("team", 3, "The bank's contact is on leave until Monday."),
                 Said("pmo", 30, "Asked the account manager. They wait for a signature on their side."),
                 Said("leader", 80, "@Ada Keller I meet their head of operations on Thursday."))),
    Hurdle("heron", "people", "One tester for the work of nine", 58, 30, 3,
           "Twenty items are ready for test, one person tests.", "Lend us a tester until spring", "pmo", "active",
           said=(Said("coach", 20, "The developers test in pairs since Monday; it helps a little."),)),
    Hurdle("swift", "legal", "The words about fees wait for a legal review", 21, 6, 2,
           "Without the reviewed words the page cannot go live.", "Review two pages of text", "pmo", "waiting",
           promised=5),
    Hurdle("ibis", "legal", "Data protection must agree to video calls", 60, 8, 2,
           "The officer asks where calls are stored; the answer is in the annex of the contract.",
           "An hour with the data protection officer this week", "pmo", "active",
           said=(Said("pmo", 40, "The annex is on its way."),)),
    Hurdle("wren", "other", "Calls break down in the new office", 5, 1, 0, state="new",
           description="Twice an hour the network is gone for a minute. Sign-up by voice cannot be tried there."),
    Hurdle("egret", "access", "No rights to the register's sandbox", 2.5, 1, 1, state="new", via="mail",
           description="The request is number 2214. Our old rights ended with the old contract."),
    Hurdle("kite", "access", "Nobody may rotate the signing keys", 14, 2, 1, "The vault has one owner, who has left.",
           "Name a second owner of the vault", "pmo", "active"),
    Hurdle("osprey", "infrastructure", "The integration environment is down every afternoon", 44, 10, 2,
           "From two o'clock its disks are full.", "Two terabytes, or leave to delete what is older than a month",
           "pmo", "active", said=(Said("team", 12, "Deleting by hand gives us an hour."),)),
    Hurdle("tern", "decision", "Who may use the sandbox bank is not decided", 70, 12, 1,
           "Two streams want it in the same weeks.", "Decide between Payments and Platform", "leader", "waiting",
           paused=(14, None, "The portfolio board meets on the first Tuesday"), promised=9),
    Hurdle("lark", "team", "The help texts wait for Plover's release", 7, 0, 1, state="new"),
    Hurdle("plover", "procurement", "Licences for load tests are not ordered", 96, 20, 1,
           "Without them nobody knows whether the case desk stands a Monday.", "Sign the order of 20 licences",
           "leader", "waiting", promised=14,
           said=(Said("pmo", 50, "Three offers are there since the second week."),)),
    Hurdle("curlew", "vendor", "The telephone provider changed its interface", 17, 3, 2,
           "Calls arrive without the caller's number.", "A line to somebody who knows the interface", "pmo", "active",
           is_external=True),
)  # fmt: skip

PAST = (
    Hurdle("falcon", "people", "Nobody else knows the clearing format", 900, 10, 2, hours=52, cause="skills",
           description="One person knows it, and is ill.", resolution="Two people learned it; it is written down.",
           asked="Lend us the colleague from Accounting", owner="pmo"),
    Hurdle("falcon", "procurement", "Card readers for tests were not delivered", 1500, 16, 2, hours=66,
           cause="process", resolution="Bought from the shelf with the team's own card.", owner="pmo",
           asked="Let teams buy up to 500 by themselves"),
    Hurdle("falcon", "vendor", "The card scheme's certificate ran out", 420, 2, 3, hours=19, cause="supplier",
           resolution="The scheme issued a new one; ours warns four weeks before.", owner="pmo", is_external=True),
    Hurdle("heron", "vendor", "The ledger's maker does not answer", 1150, 8, 2, hours=88, cause="supplier",
           resolution="The contract now names a person and a time.", owner="leader", is_external=True,
           asked="Raise it with the maker's management",
           said=(Said("leader", 70, "They apologised and sent two people."),)),
    Hurdle("heron", "people", "The tester is on leave and nobody stands in", 640, 4, 3, hours=30, cause="capacity",
           resolution="Swift lent a tester for the fortnight.", owner="pmo", again=(120, 26)),
    Hurdle("swift", "other", "The office moves in the week of the launch", 1700, 4, 1, hours=12, cause="one-off",
           resolution="The launch moved by a week."),
    Hurdle("swift", "legal", "Cookie texts for three countries", 760, 8, 2, hours=36, cause="process",
           resolution="Legal wrote one text that fits all three.", owner="pmo",
           paused=(10, 40, "The authority answers on the 15th")),
    Hurdle("ibis", "vendor", "The identity provider limits our calls", 1320, 6, 2, hours=41, cause="supplier",
           resolution="A higher limit was agreed.", owner="pmo", is_external=True),
    Hurdle("ibis", "people", "No one to design the video call", 520, 12, 2, hours=74, cause="capacity",
           resolution="Customer care lent a designer.", owner="leader", asked="Two weeks of a designer"),
    Hurdle("wren", "decision", "Which documents are needed is not decided", 1010, 6, 3, hours=27,
           cause="communication", resolution="Two instead of five; compliance agreed.", owner="leader"),
    Hurdle("egret", "vendor", "The company register is closed for a week", 860, 0, 4, hours=33, cause="supplier",
           resolution="The register came back; a cache holds what was asked before.", owner="pmo", is_external=True),
    Hurdle("kite", "decision", "Rules for deploying on Fridays", 1240, 8, 1, hours=22,
           cause="policy", resolution="The rule is gone: whoever deploys stays an hour.", owner="leader"),
    Hurdle("kite", "infrastructure", "Builds wait for one machine", 700, 10, 3, hours=16, cause="system",
           resolution="Builds run on three machines.", owner="pmo", again=(60, 9)),
    Hurdle("osprey", "legal", "Data of customers may not leave the country", 980, 20, 2, hours=110, cause="policy",
           resolution="The data stay; what leaves is counted, not named.", owner="leader",
           asked="A written opinion on counted data", paused=(30, 60, "The opinion is due on the 1st")),
    Hurdle("osprey", "other", "The old data hub has no manual", 300, 4, 1, hours=10, cause="skills",
           resolution="Two former colleagues told it in an afternoon."),
    Hurdle("tern", "team", "Payments changed its interface without a word", 560, 2, 3, hours=14,
           cause="communication", resolution="Interfaces are announced two weeks before.", owner="pmo"),
    Hurdle("tern", "infrastructure", "No machine for the sandbox", 1400, 14, 2, hours=58, cause="process",
           resolution="The platform gives machines without an order now.", owner="pmo", via="api"),
    Hurdle("lark", "vendor", "The search provider is slow", 1080, 6, 1, hours=25, cause="supplier",
           resolution="A cache in front of it.", is_external=True),
    Hurdle("plover", "people", "Nobody may speak for customers who cannot", 820, 10, 1, hours=48, cause="policy",
           resolution="Two colleagues were trained.", owner="pmo"),
    Hurdle("curlew", "procurement", "Headsets for the trial are on order", 610, 8, 1, hours=70, cause="process",
           resolution="Borrowed from the training centre.", owner="pmo", asked="Ask procurement for a date"),
    Hurdle("curlew", "infrastructure", "Calls are not recorded at night", 240, 3, 2, hours=7, cause="system",
           resolution="The recorder is restarted by itself."),
)  # fmt: skip


class Improvement(NamedTuple):
    """What was agreed when an impediment was removed (its `what`). `due` and `done`: days from the day of loading."""

    of: str
    name: str
    owner: str
    due: int
    made: int
    done: int | None = None
    outcome: str = ""


IMPROVEMENTS = (
    Improvement("The card scheme's certificate ran out", "Warn four weeks before a certificate ends", "member", -60,
                -85, -63, "All 14 certificates are watched; the first warning came in the second week."),
    Improvement("Card readers for tests were not delivered", "Let teams buy up to 500 by themselves", "pmo", -20, -200),
    Improvement("The tester is on leave and nobody stands in", "Two people of each team can test", "coach", 30, -90),
    Improvement("Payments changed its interface without a word", "Announce changes of interfaces two weeks before",
                "coach", -30, -95, -34, "Agreed by all four streams; the calendar is on the platform's page."),
    Improvement("Rules for deploying on Fridays", "Show how changes of Fridays fare against others", "coach", 45, -150),
)  # fmt: skip
# What is asked of leaders about an open one.
ASKED = ("Licences for load tests are not ordered", "Customer care: order 20 licences for load tests now?")
# Resolved as the same as another one of its team.
DUPLICATE = ("osprey", "Environment gone again after lunch", "The integration environment is down every afternoon")
