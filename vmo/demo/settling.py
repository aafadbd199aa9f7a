"""What rests on the demo teams' history, once it is there: impediments, costs, figures of the portal, proposals."""

from datetime import date, datetime

from connectors.demo import promises
from funding import rollups
from impediments import rollups as blocked
from impediments.proposals import propose
from metrics.actions import write_measure
from metrics.actions.measured import linked
from okrs.actions.automatic import write_linked
from portfolio import proposals
from vmo.demo import impediments, people, planning


def settle(*, today: date, now: datetime) -> None:
    """Make what the workers would make in the next day; doing it again adds nothing."""
    promises.make(today=today, now=now)
    impediments.load(today=today, now=now, people=people.known())
    planning.load(today=today, now=now, people=people.known())
    rollups.prepare(now)
    blocked.prepare(now)
    for kpi_id in linked(now):
        write_measure(kpi_id=kpi_id, now=now)
    write_linked(now)
    propose(now)
    proposals.propose(now)
