"""The components of the look as template tags; docs/developers/components.md shows how each is used."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django import template
from django.conf import settings
from django.core.paginator import Page
from django.http import HttpRequest, QueryDict
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

TONES = {"", "good", "warn", "bad", "accent"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a picker: following it sets `query` in the address and keeps the rest.

    A value None takes the parameter out. `depth` 1 is set in below the line before it; `group` starts a heading.
    """

    label: str
    query: Mapping[str, str | None] = field(default_factory=dict)
    note: str = ""
    current: bool = False
    depth: int = 0
    group: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A field of a picker's small form, e.g. Entry("as_of", "As of", "2026-02-14", kind="date")."""

    name: str
    label: str
    value: str = ""
    kind: str = "date"


@register.simple_tag
def icon(name: str) -> SafeString:
    """A symbol of static/icons.svg, drawn in the text's colour; it says nothing to screen readers."""
    sheet = static("icons.svg")
    return format_html('<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>', sheet, name)


@register.simple_tag
def tag(text: object, tone: str = "") -> SafeString:
    """A short word with a colour: tone is "", good, warn, bad or accent."""
    if tone not in TONES:
        raise ValueError(f"unknown tone {tone!r}")
    return format_html('<span class="tag {}">{}</span>', tone, text)


@register.simple_tag
def crumbs(*pairs: str) -> SafeString:
    """Breadcrumbs from label, url, label, url …; an empty url is text."""
    steps = list(zip(pairs[::2], pairs[1::2], strict=True))
    return render_to_string("components/crumbs.html", {"steps": steps})


@register.simple_block_tag(takes_context=True)
def widget(context: template.Context, content: SafeString, question: str, **options: Any) -> SafeString:
    """A widget: one question, its answer in words, the trend, the body, then when and why.

    Options: answer, trend, tag, tone, size ("w6"), id, as_of (text), freshness (text), stale (bool), note,
    why, rows, csv (addresses; an empty one is left out).
    """
    values = {"size": "w6", **options, "question": question, "content": content}
    return render_to_string("components/widget.html", values, request=context.get("request"))


@register.inclusion_tag("components/bar.html")
def bar(value: float, of: float = 1, mark: float | None = None, label: str = "", tone: str = "") -> dict[str, Any]:
    """A bar filled to `value` of `of`, a mark at `mark` of `of`; `label` says it in words. Tone: "", over, good."""
    share = 100 * max(0.0, min(1.0, float(value) / float(of))) if of else 0.0
    at = None if mark is None or not of else 100 * max(0.0, min(1.0, float(mark) / float(of)))
    return {"share": f"{share:.2f}", "mark": None if at is None else f"{at:.2f}", "label": label, "tone": tone}


def _address(request: HttpRequest, changes: Mapping[str, str | None]) -> str:
    """The page's address with `changes` in its query; turning to another thing goes back to the first page."""
    query: QueryDict = request.GET.copy()
    query.pop("page", None)
    for name, value in changes.items():
        query.pop(name, None)
        if value not in (None, ""):
            query[name] = str(value)
    return f"?{query.urlencode()}" if query else request.path


@register.inclusion_tag("components/picker.html", takes_context=True)
def picker(
    context: template.Context,
    key: str,
    value: str,
    choices: Sequence[Choice] = (),
    fields: Sequence[Entry] = (),
    side: str = "",
) -> dict[str, Any]:
    """A picker of the page's head: `key` names it, `value` is what is chosen; the address is the state."""
    request: HttpRequest = context["request"]
    own = {entry.name for entry in fields} | {"page"}
    kept = [(name, one) for name, values in request.GET.lists() if name not in own for one in values]
    lines = [(choice, _address(request, choice.query)) for choice in choices]
    return {"key": key, "value": value, "lines": lines, "fields": fields, "kept": kept, "side": side}


@register.inclusion_tag("components/pager.html", takes_context=True)
def pager(context: template.Context, page: Page[Any], noun: str = "row", plural: str = "") -> dict[str, Any]:
    """Which rows of how many, and the way to the others."""
    request: HttpRequest = context["request"]
    before = page.previous_page_number() if page.has_previous() else None
    after = page.next_page_number() if page.has_next() else None
    total = page.paginator.count
    return {
        "page": page,
        "total": total,
        "noun": noun if total == 1 else plural or noun + "s",
        "before": before and _address(request, {"page": str(before)}),
        "after": after and _address(request, {"page": str(after)}),
    }


@register.inclusion_tag("components/sort.html", takes_context=True)
def sort(context: template.Context, label: str, by: str, number: bool = False, param: str = "sort") -> dict[str, Any]:
    """A column's head that sorts by `by`: first rising, then falling (`-by`)."""
    request: HttpRequest = context["request"]
    current = request.GET.get(param) or context.get("sort") or ""
    direction = {by: "ascending", f"-{by}": "descending"}.get(str(current), "")
    href = _address(request, {param: f"-{by}" if direction == "ascending" else by})
    return {"label": label, "href": href, "direction": direction, "number": number}


@register.simple_tag(takes_context=True)
def address(context: template.Context, **changes: str | None) -> str:
    """The page's address with some parameters changed (None or "" takes one out) and `page` dropped."""
    return _address(context["request"], changes)


@register.filter
def spaced(value: object) -> str:
    """A whole number with commas between thousands, as money has them: 12,345."""
    return f"{int(str(value)):,}"


@register.filter
def without_zeros(value: object) -> str:
    """A number as people type it into a field: 620000.00 is 620000, 0.50 stays."""
    whole, point, rest = str(value).partition(".")
    return whole if point and rest and not rest.strip("0") else str(value)


@register.filter
def amount(value: object) -> str:
    """Money in words, without its currency: 12,345, cents only below 1,000; nothing is "n/a"."""
    if value is None or value == "":
        return "n/a"
    number = Decimal(str(value)).quantize(Decimal("0.01"))
    is_whole = number == number.to_integral_value() or abs(number) >= 1000
    text = f"{number:,.0f}" if is_whole else f"{number:,.2f}"
    return text.replace("-", "\u2212")


@register.filter
def exact(value: object) -> str:
    """Money to the cent, as a ledger has it: 12,345.60."""
    return f"{Decimal(str(value)):,.2f}".replace("-", "\u2212")


@register.filter
def money(value: object) -> str:
    """Money with the portal's currency, on one line: 12,345 EUR."""
    text = amount(value)
    return text if text == "n/a" else f"{text}\u00a0{settings.CURRENCY}"


# The pages of a job side by side: the name of the URL and its tab. A tab appears when its page exists.
SECTIONS = {
    "portfolio": (
        ("portfolio", "Board"),
        ("portfolio-list", "List"),
        ("wsjf", "WSJF"),
        ("themes", "Themes"),
        ("approvals", "Approvals"),
        ("funding", "Funding"),
        ("guardrails", "Guardrails"),
        ("scenarios", "Scenarios"),
        ("budgeting", "Budgeting"),
        ("decisions", "Decisions"),
        ("kpis", "Key figures"),
        ("idea-to-customer", "Idea to customer"),
    ),
    "objectives": (
        ("objectives", "Objectives"),
        ("okr-chances", "Chances"),
        ("okr-map", "Alignment"),
        ("check-ins", "Check-ins"),
        ("cycles", "Cycles"),
    ),
    "impediments": (
        ("impediments", "Board"),
        ("impediment-list", "List"),
        ("impediment-costs", "Costs"),
        ("impediment-analysis", "Analysis"),
        ("impediment-proposals", "Proposed by data"),
        ("impediment-settings", "Settings"),
    ),
}


# Who is offered a tab; a page without a rule is for everybody. The page itself checks again.
_offered: dict[str, Callable[[Any], bool]] = {}


def offer_tab(name: str, rule: Callable[[Any], bool]) -> None:
    """Show the tab of the URL `name` only to users for whom `rule` is true; apps say so when they are ready."""
    _offered[name] = rule


def _is_offered(name: str, user: Any) -> bool:
    return name not in _offered or user is None or _offered[name](user)


@register.inclusion_tag("components/section_tabs.html", takes_context=True)
def section_tabs(context: template.Context, section: str, here: str, query: str = "") -> dict[str, Any]:
    """The tabs of a job; `here` is the page's URL name, `query` goes with every one (without its "?")."""
    found, user = [], getattr(context.get("request"), "user", None)
    for name, label in SECTIONS[section]:
        if name != here and not _is_offered(name, user):
            continue
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        found.append((label, f"{url}?{query}" if query else url, name == here))
    return {"tabs": found, "section": section}
