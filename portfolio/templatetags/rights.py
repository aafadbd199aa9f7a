"""What templates ask of the rules, and how the audit trail reads."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.apps import apps

from portfolio.rules import Person, Verb, can

register = template.Library()


@register.filter
def may(user: Person, verb: Verb) -> bool:
    """Whether the user may do the verb for the whole portal: {% if user|may:"administer" %}."""
    return can(user, verb)


@register.filter
def kind(label: str) -> str:
    """The words for a model's label: portfolio.valuestream is a value stream."""
    try:
        return str(apps.get_model(label)._meta.verbose_name)
    except LookupError:
        return label


@register.filter
def changes(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What an audit entry holds, as words: a pair is before and after."""
    return [(name.replace("_", " "), _words(value)) for name, value in data.items()]


def _words(value: Any) -> str:
    if isinstance(value, list) and len(value) == 2:
        return f"{_words(value[0])} → {_words(value[1])}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_words(one)}".strip() for key, one in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "nothing" if value in (None, "") else str(value)
