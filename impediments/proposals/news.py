"""When to look at data again: after a sync brought something, something was logged, or a day has passed."""

from datetime import datetime

from django.db.models import Count, Max, Q
from django.utils import timezone

from impediments.models import Answer, Block, Proposal, ProposalMark
from impediments.proposals.writing import propose
from metrics.models import Source
from metrics.queries import fingerprint
from portfolio.models import ValueStream

# Grows when the way of looking changes: everything is looked at anew then.
EDITION = 2


def _stamps(at: datetime) -> dict[int, str]:
    """Per value stream (primary key) what its proposals rest on: the day, its sources, what is logged and answered."""
    sources: dict[int, list[tuple[object, ...]]] = {}
    of_source = Source.objects.order_by("pk").values_list("team__stream", "pk", "data_version")
    for stream, *version in of_source:
        sources.setdefault(stream, []).append(tuple(version))
    logged = Block.objects.order_by().values_list("impediment__team__stream")
    blocks = {stream: rest for stream, *rest in logged.annotate(Count("pk"), Max("pk"), Count("to_at"), Max("to_at"))}
    given = Proposal.objects.exclude(state=Answer.OPEN).order_by().values_list("stream")
    answers = {stream: rest for stream, *rest in given.annotate(Count("pk"), Max("answered_at"))}
    day, streams = timezone.localdate(at), ValueStream.objects.order_by("pk").values_list("pk", flat=True)
    return {pk: fingerprint(EDITION, day, sources.get(pk), blocks.get(pk), answers.get(pk)) for pk in streams}


def look(at: datetime) -> int:
    """Propose anew where there is news; running twice does no harm. The number of streams looked at."""
    stamps = _stamps(at)
    known = dict(ProposalMark.objects.order_by().values_list("stream", "stamp"))
    behind = [pk for pk, stamp in stamps.items() if known.get(pk) != stamp]
    alive = Q(ended_on=None) | Q(ended_on__gte=timezone.localdate(at))
    streams = list(ValueStream.objects.filter(alive, pk__in=behind))
    for stream in streams:
        propose(at, [stream])
        # Written after: who is killed in between looks again.
        ProposalMark.objects.update_or_create(stream=stream, defaults={"made_at": at, "stamp": stamps[stream.pk]})
    return len(streams)
