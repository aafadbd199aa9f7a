"""What the pages of planning share: whose they are, what is in the address, where they lead back to."""

from collections.abc import Sequence

from django.core.exceptions import BadRequest
from django.http import HttpRequest, QueryDict
from django.shortcuts import get_object_or_404
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.queries import me
from planning.forms.versions import UNSEEN
from planning.models import Card, Increment, Lane
from portfolio.actions.writing import Conflict


def find_increment(request: HttpRequest, slug: str) -> Increment:
    """An increment of a train that the reader sees; 404 for everybody else."""
    return get_object_or_404(Increment.objects.for_user(me(request)).select_related("train"), slug=slug)


SHOWN = ("increment__train", "lane__team", "iteration", "feature__initiative", "feature__team")
# What a move reads: it is asked for hundreds of times an hour, and answered while somebody waits.
PLACED = ("increment__train", "lane", "iteration")


def find_card(request: HttpRequest, card_id: int, places: Sequence[str] = SHOWN) -> Card:
    """A card of such an increment with what is read of it, one that was taken off the board too."""
    seen = Card.objects.filter(increment__in=Increment.objects.for_user(me(request)).order_by())
    return get_object_or_404(seen.select_related(*places), pk=card_id)


def find_lane(request: HttpRequest, lane_id: int) -> Lane:
    """A row of such an increment."""
    seen = Lane.objects.filter(increment__in=Increment.objects.for_user(me(request)).order_by())
    return get_object_or_404(seen.select_related("increment__train", "team"), pk=lane_id)


def is_board(request: HttpRequest) -> bool:
    """Whether a script of the board asks, for a part of a page."""
    return request.headers.get("X-Requested-With") == "board"


def version_of(request: HttpRequest) -> int:
    """The version that the writer saw, of a button without a form. Raises BadRequest when they did not say."""
    said = request.POST.get("version") or request.GET.get("version", "")
    if not (said.isascii() and said.isdecimal() and len(said) < 10):
        raise BadRequest(UNSEEN)
    return int(said)


def back(request: HttpRequest) -> str:
    """The page of this portal to go back to, if one was named."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours and wanted.startswith("/") else ""


def renewed(data: QueryDict, conflict: Conflict) -> QueryDict:
    """What was posted, with the version there is now: sending it once more writes it over what somebody else did."""
    again = data.copy()
    again["version"] = str(getattr(conflict.current, "version", ""))
    return again
