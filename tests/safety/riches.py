"""Money that is easy to find again: each amount of Payments is a number that nothing else has."""

import io
import re
import zipfile
from decimal import Decimal
from typing import Any

from django.utils import timezone

from core import imports
from funding import actions as funding
from funding.models import DayCost, LedgerEntry
from impediments.actions import ask_leaders
from impediments.models import BlockedDay
from portfolio import actions
from portfolio.evidence import Fact
from portfolio.models import Grant, Initiative, Role
from portfolio.proposals import propose
from portfolio.quarters import Quarter
from tests.access import Props
from tests.cast import person

# What is of which amount; none is part of another.
AMOUNTS = {
    "budget": "7654321",
    "budget before": "7543219",
    "ledger": "6543217",
    "estimated cost": "5432176",
    "cost of delay": "432179",
    "approval": "5532178",
    "cost of waiting": "321787",
    "evidence": "8765431",
    "question": "8123457",
    "scenario": "7234569",
    "event": "6123458",
    "event item": "5234568",
    "threshold": "4123459",
    "day": "321987",
    "import": "9123457",
    "blocked day": "7123459",
    "day rate": "5987651",
}
GAP = re.compile(r"(?<=\d)(?:,|[\s\u00a0\u202f]|&nbsp;)(?=\d{3})")


class Riches:
    """The props of the access table, with money everywhere. `rich_pmo` is the PMO of Platform, whose team Kite works on
    the initiative of Payments."""

    def __init__(self, props: Props) -> None:
        self.props, self.cast = props, props.cast
        self.initiative: Initiative = props.initiative
        self.quarter = Quarter.of(timezone.localdate())
        other = person("Petra Nilsen")
        Grant.objects.create(user=other, role=Role.PMO, stream=self.cast.platform)
        self.people = {"platform_pmo": other}
        self.steer()
        self.fund()
        self.decide()
        self.choose()
        self.block()

    def who(self, name: str) -> Any:
        return self.people.get(name) or self.cast.person(name)

    def amount(self, what: str) -> Decimal:
        return Decimal(AMOUNTS[what])

    def steer(self) -> None:
        fields: dict[str, Any] = {
            "estimated_cost": self.amount("estimated cost"),
            "cost_of_delay": self.amount("cost of delay"),
        }
        leader = self.cast.leader
        actions.set_threshold(actor=leader, stream=self.cast.payments, amount=self.amount("threshold"))
        teams = [self.cast.falcon, self.cast.kite]
        actions.change_initiative(actor=leader, initiative=self.initiative, teams=teams, **fields)
        self.props.approval.delete()
        asked = actions.ask_approval(
            actor=self.cast.stream_pmo, initiative=self.initiative, amount=self.amount("approval"), reason="Scale"
        )
        actions.decide_approval(actor=leader, approval=asked, approve=True)
        actions.move_initiative(actor=leader, initiative=self.initiative, stage="implementing", override="Now")

    def fund(self) -> None:
        payments, leader = self.cast.payments, self.cast.leader
        for what in ("budget before", "budget"):
            funding.set_budget(
                actor=leader, stream=payments, quarter=self.quarter, amount=self.amount(what), reason="Amended"
            )
        today = timezone.localdate()
        DayCost.objects.create(
            team=self.cast.falcon, on=today, initiative=self.initiative, share=1, amount=self.amount("day")
        )
        LedgerEntry.objects.create(
            stream=payments,
            key="one",
            posted_on=self.quarter.first,
            amount=self.amount("ledger"),
            initiative=self.initiative,
        )
        line = (
            f"key,posted on,amount,stream,initiative,horizon\ntwo,{self.quarter.first},{AMOUNTS['import']},payments,,\n"
        )
        file = io.BytesIO(line.encode())
        self.run = imports.start(actor=leader, kind="ledger", file=file, name="ledger.csv", scope="stream:payments")

    def decide(self) -> None:
        leader = self.cast.leader
        fact = Fact("spent", "Spent", f"{self.amount('evidence'):,} EUR", float(self.amount("evidence")), "EUR", True)
        waiting: dict[str, Any] = {"cost_kind": "delay", "cost_per_week": self.amount("cost of waiting")}
        self.decision = actions.raise_decision(
            actor=leader, kind="fund", question="Go on?", initiative=self.initiative, facts=[fact], **waiting
        )
        asks = f"Payments: add {self.amount('question'):,} EUR or cut scope?"
        actions.raise_decision(actor=leader, kind="budget", question=asks, stream=self.cast.payments, facts=[fact])
        mine = actions.raise_decision(actor=leader, kind="budget", question=asks, initiative=self.initiative)
        actions.decide(actor=leader, decision=mine, choice="accept", reason=f"{self.amount('question'):,} is fine.")
        whole = actions.raise_decision(actor=leader, kind="scenario", question=f"{asks} All of it.", facts=[fact])
        actions.decide(actor=leader, decision=whole, choice="yes", reason=f"{self.amount('question'):,} is fine.")
        propose(timezone.now())

    def choose(self) -> None:
        leader = self.cast.leader
        made = funding.copy_present(actor=leader, name="Rich", quarter=self.quarter.next)
        budgets = {self.cast.payments: self.amount("scenario")}
        funding.change_scenario(actor=leader, scenario=made, budgets=budgets)
        event = funding.create_event(actor=leader, name="Rich", budget=self.amount("event"))
        funding.set_item(actor=leader, event=event, initiative=self.initiative, cost=self.amount("event item"))
        funding.set_group(actor=leader, event=event, name="Some", people=[leader])
        funding.open_event(actor=leader, event=event)
        self.rich_event, self.rich_scenario = event, made

    def block(self) -> None:
        """An impediment of Falcon that took money today; a question about it keeps that as evidence."""
        self.impediment = self.props.impediment
        amount, today = self.amount("blocked day"), timezone.localdate()
        actions.change_team(actor=None, team=self.cast.falcon, cost_per_day=self.amount("day rate"))
        BlockedDay.objects.create(
            impediment=self.impediment, team=self.cast.falcon, on=today, items=1, in_progress=4, amount=amount
        )
        self.blocked = ask_leaders(actor=self.cast.leader, impediment=self.impediment, question="Buy it?")


def text_of(answer: Any) -> str:
    """What an answer says, of a workbook all its parts."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if body[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            body = b"\n".join(book.read(name) for name in book.namelist())
    return body.decode("utf-8", "replace")


def amounts_in(text: str) -> set[str]:
    """What of AMOUNTS a text tells, however the number is grouped."""
    plain = GAP.sub("", text)
    return {what for what, digits in AMOUNTS.items() if digits in plain}
