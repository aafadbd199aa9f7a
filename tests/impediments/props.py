"""What the rows of the access table name of impediments."""

from typing import Any

from django.utils import timezone

from core import comments
from core.models import Hook
from impediments import actions
from impediments.models import Answer, Proposal
from tests.cast import Cast


def impediment_props(cast: Cast) -> dict[str, Any]:
    """Three of Falcon (one resolved), comments of Max on the first, what data propose and what was dismissed."""
    one, other, resolved = (
        actions.log_impediment(actor=None, what=what, category="access", team=cast.falcon)
        for what in ("No rights to deploy", "No rights to release", "No rights to read")
    )
    actions.resolve(actor=None, impediment=resolved, resolution="Given", root_cause="process")
    said, gone = (comments.add(actor=cast.member, target=one, text=text) for text in ("Asked", "Asked the wrong one"))
    comments.remove(actor=cast.member, comment=gone, target=one, is_manager=False)
    hook = Hook.objects.create(
        name="Room", url="https://chat.example.org/x", scope="stream:payments", is_active=False, made_at=timezone.now()
    )
    return {
        "impediment_file": actions.attach(actor=None, impediment=one, name="why.txt", data=b"Nobody knows"),
        "impediment_hook": hook,
        "impediment": one,
        "impediment_other": other,
        "impediment_resolved": resolved,
        "impediment_comment": said,
        "impediment_comment_gone": gone,
        "impediment_proposal": _proposal(cast, "reason:payments:proxy"),
        "impediment_dismissed": _proposal(
            cast, "reason:payments:firewall", state=Answer.DISMISSED, answered_at=timezone.now()
        ),
    }


def _proposal(cast: Cast, cause: str, **fields: Any) -> Proposal:
    now = timezone.now()
    return Proposal.objects.create(
        trigger="reason",
        stream=cast.payments,
        team=cast.falcon,
        cause=cause,
        what="The proxy is slow",
        why="Three items say so",
        since_at=now,
        found_at=now,
        seen_at=now,
        **fields,
    )
