"""Impediments that nobody logged, proposed by data: one open proposal per cause, answered by people.

`finding` says what the triggers see, `writing` keeps it and what people answer.
"""

from impediments.proposals.finding import Found, find
from impediments.proposals.writing import (
    accept_proposal,
    blockable,
    dismiss_proposal,
    may_answer,
    propose,
    restore_proposal,
)

__all__ = [
    "Found",
    "accept_proposal",
    "blockable",
    "dismiss_proposal",
    "find",
    "may_answer",
    "propose",
    "restore_proposal",
]
