"""Forms of the pages of the nouns. They check what was typed; the verbs in actions do what is to be done."""

from portfolio.forms.base import (
    SLUG_HELP,
    Attempt,
    ThingForm,
    day_input,
    time_input,
)
from portfolio.forms.organisation import (
    WEEKDAYS,
    AuditForm,
    CalendarForm,
    EndForm,
    GrantForm,
    HolidaysForm,
    InviteForm,
    MemberForm,
    PersonForm,
    ServiceForm,
    StreamForm,
    TeamForm,
    place_text,
    read_day,
)
from portfolio.forms.work import (
    AllocationForm,
    FeatureForm,
    InitiativeForm,
    MoveForm,
)

__all__ = [
    "SLUG_HELP",
    "WEEKDAYS",
    "AllocationForm",
    "Attempt",
    "AuditForm",
    "CalendarForm",
    "EndForm",
    "FeatureForm",
    "GrantForm",
    "HolidaysForm",
    "InitiativeForm",
    "InviteForm",
    "MemberForm",
    "MoveForm",
    "PersonForm",
    "ServiceForm",
    "StreamForm",
    "TeamForm",
    "ThingForm",
    "day_input",
    "place_text",
    "read_day",
    "time_input",
]
