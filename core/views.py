"""The search, as the palette's list and as a page of its own."""

from typing import cast

from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from core.search import find


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """`?q=`; a script (htmx or the palette) gets the list alone."""
    text = request.GET.get("q", "")
    hits = find(text, cast(AbstractBaseUser, request.user))
    name = "core/hits.html" if request.headers.get("HX-Request") else "core/search.html"
    return render(request, name, {"hits": hits, "q": text})
