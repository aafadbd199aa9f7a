"""What the pages of figures share: read the address, get the finding and the widgets, render."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from dashboards.queries.base import Widget
from metrics import forms
from metrics.rules import of_sources, sources_of
from metrics.views import asked_of

# What a page shows of what is asked, as at an instant: its finding in a sentence, and its widgets.
Page = Callable[[forms.Asked, datetime], tuple[str, Sequence[Widget]]]


def figures_page(
    request: HttpRequest, page: Page, *, here: str, title: str, template: str = "dashboards/page.html"
) -> HttpResponse:
    """A page of widgets; `here` is its URL's name, which marks its tab, `title` its name in the browser's tab."""
    now = timezone.now()
    asked = asked_of(request)
    finding, widgets = page(asked, asked.as_of or now)
    context = forms.pickers(asked, request.user, now, of_items=here != "delivery") | {
        "here": here,
        "title": title,
        "finding": finding,
        "widgets": widgets,
        "freshness": of_sources(sources_of(asked.scope.teams), now, asked.as_of),
        "as_of_text": forms.as_of_text(asked, now),
    }
    return render(request, template, context, status=400 if asked.problems else 200)
