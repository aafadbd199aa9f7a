"""Impediments and improvement actions, with their API."""

from typing import Any

from tests.access.people import KNOWN, MANAGE_ALL, MANAGE_FALCON, OF_FALCON, PLAN, STEER, Row, post

# Who logs impediments of Falcon, works on them and changes its improvement actions.
WORK = PLAN | {"member"}
# Who wrote the comment of the table, and who may take it away.
AUTHOR = frozenset({"member"})
TIDY = AUTHOR | MANAGE_FALCON
SCOPE = "scope=team:falcon"
ACTION: dict[str, Any] = {"action_id": "{action.pk}"}
ACTION_PK: dict[str, Any] = {"pk": "{action.pk}"}
ONE: dict[str, Any] = {"impediment_id": "{impediment.pk}"}
PK: dict[str, Any] = {"pk": "{impediment.pk}"}
COMMENT: dict[str, Any] = {**ONE, "comment_id": "{impediment_comment.pk}"}
GONE: dict[str, Any] = {**ONE, "comment_id": "{impediment_comment_gone.pk}"}
PROPOSED: dict[str, Any] = {"proposal_id": "{impediment_proposal.pk}"}
DISMISSED: dict[str, Any] = {"proposal_id": "{impediment_dismissed.pk}"}
LOGGED = {"what": "No rights", "category": "access", "team": "falcon", "since": "2026-01-05"}
AGREED = {"name": "Ask earlier", "place": "team:{falcon.pk}"}
ASKED = {"about": "stream:{payments.pk}", "kind": "other", "question": "Now?"}
ENDED = {"resolution": "Bought", "root_cause": "process"}
FILE: dict[str, Any] = {**ONE, "attachment_id": "{impediment_file.pk}"}
HOOK: dict[str, Any] = {"hook_id": "{impediment_hook.pk}"}
ROUTES: dict[str, list[Row]] = {
    "impediments": [Row(KNOWN), Row(KNOWN, query="part=board")],
    "impediment-list": [Row(KNOWN), Row(KNOWN, query="state=all&format=csv")],
    "impediment-new": [Row(WORK, query="team=falcon"), post(WORK, LOGGED)],
    "impediment-items": [Row(WORK, query="team=falcon")],
    "impediment": [Row(OF_FALCON, ONE)],
    "impediment-days": [Row(OF_FALCON, ONE)],
    "impediment-edit": [Row(WORK, ONE), post(WORK, LOGGED, **ONE)],
    "impediment-move": [
        Row(WORK, ONE),
        post(WORK, {"state": "waiting"}, **ONE),
        post(WORK, {"state": "resolved", **ENDED}, **ONE),
    ],
    "impediment-take": [post(WORK, **ONE)],
    "impediment-hand": [post(WORK, {"owner": ""}, **ONE)],
    "impediment-level": [post(WORK, {"level": 2, "reason": "Two teams wait"}, **ONE)],
    "impediment-pause": [post(WORK, {"reason": "Until Friday"}, **ONE)],
    "impediment-resume": [post(WORK, **ONE)],
    "impediment-merge": [post(WORK, {"into": "{impediment_other.pk}"}, **ONE)],
    "impediment-block": [post(WORK, {"items": "{item.pk}"}, **ONE)],
    "impediment-unblock": [post(WORK, {"items": "{item.pk}"}, **ONE)],
    "impediment-improve": [Row(WORK, ONE), post(WORK, AGREED, **ONE)],
    "impediment-decide": [Row(STEER, ONE), post(STEER, ASKED, **ONE)],
    "impediment-files": [Row(WORK, ONE, "post", served=400)],
    "impediment-file": [Row(OF_FALCON, FILE)],
    "impediment-file-remove": [post(WORK, **FILE)],
    "impediment-settings": [Row(MANAGE_FALCON)],
    "impediment-limits": [post(MANAGE_ALL, {"access-1": "4"})],
    "impediment-mails": [Row(MANAGE_FALCON)],
    "impediment-address": [post(MANAGE_FALCON, slug="falcon")],
    "impediment-marks": [post(MANAGE_FALCON, {"logs_marks": "1"}, slug="falcon")],
    "impediment-hook-new": [Row(MANAGE_FALCON)],
    "impediment-hook": [Row(MANAGE_FALCON, HOOK)],
    "impediment-hook-trial": [post(MANAGE_FALCON, **HOOK)],
    "impediment-hook-secret": [post(MANAGE_FALCON, **HOOK)],
    "impediment-hook-remove": [post(MANAGE_FALCON, **HOOK)],
    "impediment-comment": [post(WORK, {"text": "Asked again"}, **ONE)],
    "impediment-comment-edit": [Row(AUTHOR, COMMENT), post(AUTHOR, {"text": "Asked twice"}, **COMMENT)],
    "impediment-comment-remove": [post(TIDY, **COMMENT)],
    "impediment-comment-restore": [post(TIDY, **GONE)],
    "impediment-costs": [Row(OF_FALCON, query=SCOPE), Row(OF_FALCON, query=f"{SCOPE}&format=csv&part=day")],
    "impediment-analysis": [Row(OF_FALCON, query=SCOPE), Row(OF_FALCON, query=f"{SCOPE}&format=csv&part=pareto")],
    "impediment-proposals": [Row(KNOWN)],
    "impediment-proposal-accept": [Row(WORK, PROPOSED), post(WORK, LOGGED, **PROPOSED)],
    "impediment-proposal-dismiss": [post(WORK, {"reason": "Known"}, **PROPOSED)],
    "impediment-proposal-restore": [post(WORK, **DISMISSED)],
    "api-impediment-list": [Row(KNOWN), post(WORK, LOGGED)],
    "api-impediment-detail": [Row(OF_FALCON, PK), Row(WORK, PK, "patch", data={"asked": "A date"})],
    "api-impediment-move": [post(WORK, {"state": "waiting"}, **PK)],
    "api-impediment-resolve": [post(WORK, ENDED, **PK)],
    "api-impediment-reopen": [post(WORK, pk="{impediment_resolved.pk}")],
    "api-impediment-level": [post(WORK, {"level": 2, "reason": "Two teams wait"}, **PK)],
    "api-impediment-pause": [post(WORK, {"reason": "Until Friday"}, **PK)],
    "api-impediment-resume": [post(WORK, **PK)],
    "api-impediment-block": [post(WORK, {"items": ["{item.pk}"]}, **PK)],
    "api-impediment-unblock": [post(WORK, {"items": ["{item.pk}"]}, **PK)],
    "api-impediment-take": [post(WORK, **PK)],
    "api-impediment-merge": [post(WORK, {"into": "{impediment_other.pk}"}, **PK)],
    "api-impediment-improve": [post(WORK, {"name": "Ask earlier"}, **PK)],
    "api-impediment-decide": [post(STEER, {"kind": "other", "question": "Now?"}, **PK)],
    "api-impediment-comments": [Row(OF_FALCON, PK), post(WORK, {"text": "Asked again"}, **PK)],
    "api-impediment-comment": [
        Row(AUTHOR, {**PK, "comment_id": "{impediment_comment.pk}"}, "patch", data={"text": "Asked twice"}),
        Row(TIDY, {**PK, "comment_id": "{impediment_comment.pk}"}, "delete"),
    ],
    "api-impediment-cost": [Row(OF_FALCON, PK)],
    "api-impediment-costs": [Row(OF_FALCON, query=SCOPE)],
    "api-impediment-analysis": [Row(OF_FALCON, query=SCOPE)],
    "api-impediment-limits": [Row(KNOWN), Row(MANAGE_ALL, {}, "put", data={"level": 1, "hours": 4})],
    "api-impediment-proposal-list": [Row(KNOWN)],
    "api-impediment-proposal-detail": [Row(OF_FALCON, {"pk": "{impediment_proposal.pk}"})],
    "api-impediment-proposal-accept": [post(WORK, pk="{impediment_proposal.pk}")],
    "api-impediment-proposal-dismiss": [post(WORK, pk="{impediment_proposal.pk}")],
    "api-impediment-proposal-restore": [post(WORK, pk="{impediment_dismissed.pk}")],
    "improvement": [Row(KNOWN), Row(KNOWN, query="format=csv")],
    "improvement-new": [Row(WORK), post(WORK, AGREED)],
    "improvement-action": [Row(OF_FALCON, ACTION), post(WORK, AGREED, **ACTION)],
    "improvement-close": [post(WORK, {"state": "done"}, **ACTION)],
    "improvement-reopen": [post(WORK, **ACTION)],
    "api-action-list": [Row(KNOWN), post(WORK, {"name": "Ask earlier", "team": "falcon"})],
    "api-action-detail": [Row(OF_FALCON, ACTION_PK), Row(WORK, ACTION_PK, "patch", data={"name": "Ask"})],
    "api-action-close": [post(WORK, **ACTION_PK)],
    "api-action-reopen": [post(WORK, **ACTION_PK)],
}
