"""Titles that read like work, put together from word lists of each stream."""

from random import Random

THINGS = {
    "payments": (
        "refunds", "pending transfers", "direct debits", "card tokens", "payout calendar", "dispute evidence",
        "fee breakdown", "settlement file", "instant transfers", "merchant statement", "recurring payments",
        "chargeback letters", "currency conversion", "payment links", "receipt by e-mail", "ledger entries",
    ),
    "onboarding": (
        "identity check", "video identification", "address form", "company register lookup", "terms of use",
        "proof of income", "sign-up on a phone", "beneficial owners", "welcome mail", "document upload",
        "tax number check", "second applicant", "risk questions", "saved application", "language choice",
    ),
    "platform": (
        "access tokens", "build cache", "event stream", "backup restore", "service catalogue", "sandbox bank",
        "secrets rotation", "data retention", "log search", "feature switches", "test data service",
        "database upgrade", "rate limits", "status page", "certificate renewal", "deployment pipeline",
    ),
    "customer-care": (
        "call routing", "case history", "callback request", "help articles", "chat hand-over", "complaint letters",
        "answer templates", "opening hours", "satisfaction survey", "customer search", "attachment viewer",
        "waiting time display", "case merge", "spam filter", "shift plan",
    ),
}  # fmt: skip
_FOR = (
    "for business customers", "for new customers", "in the app", "in the back office", "on small screens",
    "for the audit", "by e-mail", "in the weekly report", "across time zones", "with the new supplier",
    "for joint accounts", "in English and German", "for test accounts", "per branch", "from the archive",
)  # fmt: skip
_VERBS = {
    "Story": ("Show", "Offer", "Explain", "Let customers change", "Add a filter to", "Simplify", "Export", "Announce",
              "Let staff correct", "Support"),
    "Bug": ("Wrong sum in", "Time-out in", "Empty page after", "Duplicate entries in", "Broken link in",
            "Missing translation in", "Wrong order of", "Error 500 in"),
    "Enabler": ("Try a new design for", "Prepare the data for", "Measure the use of", "Automate tests of",
                "Set up monitoring of"),
    "Tech debt": ("Remove the old code of", "Split the module of", "Upgrade the library behind", "Clean up"),
    "Risk": ("Close the audit finding on", "Limit access to", "Encrypt", "Review permissions of"),
    "Task": ("Update the handbook on", "Answer the request on", "Plan the hand-over of", "Arrange training on"),
}  # fmt: skip

INCIDENTS = (
    "Customers see an error in {}", "{} unavailable", "{} very slow", "Wrong figures in {}", "Messages of {} delayed",
)  # fmt: skip


def title(random: Random, stream: str, tool_type: str) -> str:
    """For instance “Show pending transfers for business customers”."""
    words = [random.choice(_VERBS[tool_type]), random.choice(THINGS[stream])]
    if random.random() < 0.6:
        words.append(random.choice(_FOR))
    return " ".join(words)


def incident_title(random: Random, stream: str) -> str:
    """For instance “Refunds very slow”."""
    text = random.choice(INCIDENTS).format(random.choice(THINGS[stream]))
    return text[0].upper() + text[1:]
