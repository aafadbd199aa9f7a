"""How key results and their values read."""

from django import template

from okrs.models import KeyResult
from okrs.queries import due

register = template.Library()


@register.filter
def way(key_result: KeyResult) -> str:
    """From where to where it should get: from 12 to 5 days."""
    return due.way(key_result)


@register.filter
def said(key_result: KeyResult, value: float) -> str:
    """A value of it in words: {{ key_result|said:check_in.value }}."""
    return due.said(key_result, value)
