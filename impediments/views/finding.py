"""What the pages of impediments share: whose they are, what is in the address, where they lead back to."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.queries import me
from impediments.models import Impediment
from impediments.queries import words
from portfolio.actions import Conflict


def find(request: HttpRequest, impediment_id: int) -> Impediment:
    """An impediment that the reader may see; 404 for everybody else."""
    places = ("team__stream", "team__calendar", "owner", "logged_by", "merged_into")
    seen = Impediment.objects.for_user(me(request)).select_related(*places)
    return get_object_or_404(seen, pk=impediment_id)


def is_part(request: HttpRequest) -> bool:
    """Whether a script of the board asks, for a part of a page."""
    return "board" in (request.GET.get("part"), request.POST.get("part"))


def version_of(request: HttpRequest) -> int | None:
    """The version that the writer saw; None: they did not say."""
    said = request.POST.get("version") or request.GET.get("version", "")
    return int(said) if said.isdecimal() and len(said) < 9 else None


def back(request: HttpRequest) -> str:
    """The page of this portal to go back to, if one was named."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours and wanted.startswith("/") else ""


def onward(request: HttpRequest, impediment: Impediment) -> HttpResponse:
    """To where it was said to go back to, else to the impediment's page."""
    wanted = back(request)
    return redirect(wanted) if wanted else redirect("impediment", impediment.pk)


def clash(conflict: Conflict, now: Impediment) -> dict[str, Any]:
    """What a page says of somebody who was faster: who, when, what, and where it stands now."""
    return {"conflict": conflict, "now": now, "level_now": words.level_text(now.level)}
