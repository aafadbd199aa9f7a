"""The Analysis page: how long impediments take, level by level, and what their causes have in common."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.queries import me
from charts.views import with_figures
from core.exports import FORMATS, table_response
from core.templatetags.ui import Choice
from impediments.analysis import BY, RANKED, analysis, cases, part, ranked_by
from metrics import forms
from metrics.rules import of_sources, sources_of
from metrics.views import asked_of


def _file(request: HttpRequest, found: Any, wanted: str, by: str, ranked: str) -> HttpResponseBase | None:
    """One part as a file; None when there is no such part."""
    one = part(found, request.GET.get("part", ""), by, ranked)
    return table_response(wanted, f"impediments-{one.key}-{found.asked.scope.text}", *one.table) if one else None


@require_GET
@with_figures
def overview(request: HttpRequest) -> HttpResponseBase:
    """`?scope=`, `?from=`, `?to=`, `?as_of=`, `?by=`, `?ranked=`; `?part=` with `?format=csv` (xlsx): a file."""
    now, asked, user = timezone.now(), asked_of(request), me(request)
    found = cases(asked, user, asked.as_of or now)
    by = request.GET.get("by", "") if request.GET.get("by", "") in BY else "category"
    ranked = ranked_by(found, request.GET.get("ranked", ""))
    if (wanted := request.GET.get("format", "")) in FORMATS and (file := _file(request, found, wanted, by, ranked)):
        return file
    finding, parts = analysis(found, by, ranked)
    context = forms.pickers(asked, request.user, now, of_items=False, of_ranks=False) | {
        "finding": finding,
        "parts": parts,
        "found": found,
        "by": BY[by],
        "by_choices": [Choice(label, {"by": key}, current=key == by) for key, label in BY.items()],
        "ranked": RANKED[ranked],
        "ranked_choices": _rankings(ranked),
        "freshness": of_sources(sources_of(asked.scope.teams), now, asked.as_of),
        "as_of_text": forms.as_of_text(asked, now),
        "nav": "impediments",
    }
    return _page(request, context, status=400 if asked.problems else 200)


def _rankings(ranked: str) -> list[Choice]:
    return [
        Choice(label, {"ranked": None if key == "days" else key}, current=key == ranked)
        for key, label in RANKED.items()
    ]


def _page(request: HttpRequest, context: dict[str, Any], status: int) -> HttpResponse:
    return render(request, "impediments/analysis.html", context, status=status)
