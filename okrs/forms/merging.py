"""Editing what somebody else may be editing: what was seen goes with the form, what clashes is asked.

See core/merging.py. The form carries `version` and `base`, the values as they were when it was opened.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, cast

from django import forms
from django.db import models
from django.http import QueryDict

from core.merging import Choice, Piece, choose, merge, normal, words
from portfolio.actions.writing import Conflict
from portfolio.forms import ThingForm

T = TypeVar("T", bound=models.Model)
F = TypeVar("F", bound=ThingForm)
CHOICES = ("theirs", "mine", "both")


def as_text(value: Any) -> str:
    """A value as it is compared and sent: a row is its key, a number reads the same however it was typed."""
    if value is None:
        return ""
    if isinstance(value, models.Model):
        return str(value.pk)
    if isinstance(value, float):
        return f"{value:.15g}"
    return normal(str(value))


def values_of(thing: models.Model, names: list[str]) -> dict[str, str]:
    """What is stored now, by field."""
    return {name: as_text(getattr(thing, name)) for name in names}


@dataclass(frozen=True, slots=True)
class Clash:
    """A field that both changed: what became of the common text on either side, and the texts as they are."""

    name: str
    label: str
    theirs: str
    mine: str
    their_words: list[Piece]
    my_words: list[Piece]
    can_be_both: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What a second writer is asked: the clashes, and everything else of theirs and one's own, to be sent again."""

    conflict: Conflict
    clashes: list[Clash]
    kept: list[str]
    hidden: list[tuple[str, str]]
    base: str
    version: int

    @property
    def clashing(self) -> str:
        """Their names, for the answer to name what it was asked."""
        return ",".join(clash.name for clash in self.clashes)


@dataclass(slots=True)
class Editing:
    """One attempt to save: `form` is bound and valid or not; `kept` are labels of what somebody else changed alone."""

    form: ThingForm
    asked: Asked | None = None
    saved: models.Model | None = None
    kept: list[str] = field(default_factory=list)


def base_of(thing: models.Model, names: list[str]) -> str:
    """The hidden field `base` of a form that was just opened."""
    return json.dumps(values_of(thing, names))


def _read(text: str) -> dict[str, str]:
    """What was seen; whatever else was sent means that nothing is known: then everything different is asked."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return {k: v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}


def _chosen(post: QueryDict, names: list[str], base: Mapping[str, str], form: forms.BaseForm) -> QueryDict:
    """What was sent, with the choices of the page that asked: theirs is what it showed as the base.

    Where a choice is missing both texts are kept; of what cannot be both, what is stored stays.
    """
    data = post.copy()
    for name in {*post.get("clashing", "").split(","), *names} & {*names}:
        choice = post.get(f"choose-{name}", "")
        if choice not in CHOICES and name not in post.get("clashing", "").split(","):
            continue
        one = form.fields[name]
        if choice not in CHOICES or (choice == "both" and not is_text(one)):
            choice = "both" if is_text(one) else "theirs"
        is_long = isinstance(one.widget, forms.Textarea)
        data[name] = choose(cast(Choice, choice), base.get(name, ""), post.get(name, ""), is_long=is_long)
    return data


def is_text(one: forms.Field) -> bool:
    """Whether two values of a field can stand side by side."""
    return type(one) is forms.CharField


def edit(
    post: QueryDict,
    thing: T,
    make_form: Callable[[Mapping[str, Any], T], F],
    names: list[str],
    verb: Callable[[F, int], T],
) -> Editing:
    """Save what was sent, on top of what others saved meanwhile; where both changed a field, ask.

    `verb(form, version)` writes, or raises Conflict with the row as it is now.
    """
    base, form = _read(post.get("base", "")), make_form(post, thing)
    form = make_form(_chosen(post, names, base, form), thing)
    version = int(text) if (text := post.get("version", "")).isdecimal() and len(text) < 9 else 0
    kept: list[str] = []
    # Each round somebody else was faster once more: then there is something new to merge.
    while form.is_valid():
        try:
            saved = form.attempt(partial(verb, form, version))
            return Editing(form, saved=saved, kept=kept)
        except Conflict as conflict:
            now = cast(T, conflict.current)
            mine, theirs = {name: as_text(form.cleaned_data[name]) for name in names}, values_of(now, names)
            found = merge(base, mine, theirs)
            kept = sorted({*kept, *(str(form.fields[name].label or name) for name in found.kept)})
            if found.clashes:
                return Editing(form, asked=_ask(form, conflict, base, mine, theirs, found.clashes, kept, found.merged))
            base, version = theirs, now.version  # type: ignore[attr-defined]
            form = make_form(found.merged, now)
    return Editing(form)


def _ask(
    form: ThingForm,
    conflict: Conflict,
    base: Mapping[str, str],
    mine: Mapping[str, str],
    theirs: Mapping[str, str],
    clashes: list[str],
    kept: list[str],
    merged: Mapping[str, str],
) -> Asked:
    found = [_clash(form, name, base.get(name, ""), theirs[name], mine[name]) for name in clashes]
    hidden = list(merged.items())
    version = conflict.current.version  # type: ignore[attr-defined]
    return Asked(conflict, found, kept, hidden, json.dumps(dict(theirs)), version)


def _clash(form: ThingForm, name: str, was: str, theirs: str, mine: str) -> Clash:
    one = form.fields[name]
    seen, yours, before = (shown(one, text) for text in (theirs, mine, was))
    label = str(one.label or name.capitalize())
    return Clash(name, label, seen, yours, words(before, seen), words(before, yours), is_text(one))


def shown(one: forms.Field, text: str) -> str:
    """A value as people read it: the label of a choice, nothing said as such."""
    if isinstance(one, forms.ModelChoiceField):
        row = one.queryset.model._base_manager.filter(pk=text).first() if text else None  # type: ignore[union-attr]
        return str(row) if row else "nobody" if one.queryset.model.__name__ == "User" else "none"  # type: ignore[union-attr]
    if isinstance(one, forms.ChoiceField):
        return str(dict(cast("Iterable[tuple[str, str]]", one.choices)).get(text, text))
    return text
