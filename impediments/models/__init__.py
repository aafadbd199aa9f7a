"""Impediments: what slows teams down, its clocks and levels, what it blocks and costs, what data propose."""

from impediments.models.channels import Attachment, Channel, IncomingMail, Verdict
from impediments.models.found import Answer, BlockedDay, BlockedMark, Proposal, ProposalMark, Trigger
from impediments.models.impediments import (
    EXTERNAL,
    Block,
    Category,
    Escalation,
    Impediment,
    Level,
    Limit,
    Pause,
    Period,
    RootCause,
    Spell,
    State,
    Via,
)

__all__ = [
    "EXTERNAL",
    "Answer",
    "Attachment",
    "Block",
    "BlockedDay",
    "BlockedMark",
    "Category",
    "Channel",
    "Escalation",
    "Impediment",
    "IncomingMail",
    "Level",
    "Limit",
    "Pause",
    "Period",
    "Proposal",
    "ProposalMark",
    "RootCause",
    "Spell",
    "State",
    "Trigger",
    "Verdict",
    "Via",
]
