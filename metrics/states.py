"""When an item counts as started and finished, in which order its moves happened, and of what kind it is.

This is the only place that knows. Arrays in, arrays out: no database, no clock.
"""

from collections.abc import Mapping

# What tools commonly call their types, where a source's own mapping does not say.
KINDS: Mapping[str, str] = {
    "story": "feature",
    "user story": "feature",
    "feature": "feature",
    "new feature": "feature",
    "improvement": "feature",
    "enhancement": "feature",
    "epic": "feature",
    "enabler": "enabler",
    "spike": "enabler",
    "research": "enabler",
    "bug": "defect",
    "defect": "defect",
    "incident": "defect",
    "fault": "defect",
    "problem": "defect",
    "debt": "debt",
    "technical debt": "debt",
    "tech debt": "debt",
    "refactoring": "debt",
    "chore": "debt",
    "maintenance": "debt",
    "risk": "risk",
    "security": "risk",
    "vulnerability": "risk",
    "compliance": "risk",
}


def kind_of(tool_type: str, mapping: Mapping[str, str]) -> str:
    """The kind of an item: by the source's mapping (keys in lower case), else by the default, else "other"."""
    name = tool_type.strip().lower()
    return mapping.get(name) or KINDS.get(name) or "other"
