"""Of which category a reason is, guessed by its words: a person says better."""

import re

# The first that matches counts; more special ones first. Stems, so that endings do not matter.
WORDS = (
    ("procurement", r"procure|purchas|licen[cs]e|tender|order form|budget approv"),
    ("legal", r"legal|lawyer|contract|privacy|gdpr|complian|data protection"),
    ("access", r"access|permission|rights|securit|credential|password|certificate|firewall|vpn"),
    ("infrastructure", r"environment|server|pipeline|infra|deploy|network|database|outage|\bdown\b|build|test data"),
    ("vendor", r"vendor|supplier|third.?part|contractor"),
    ("decision", r"decision|decide|business|approv|question|sign.?off|clarif"),
    ("people", r"sick|holiday|vacation|absen|skill|people|hiring|capacity|nobody"),
    ("team", r"team|depend"),
)


def category_of(reason: str) -> str:
    """The category (models.Category) that a reason sounds like; "other" when nothing is recognised."""
    text = reason.lower()
    return next((category for category, words in WORDS if re.search(words, text)), "other")
