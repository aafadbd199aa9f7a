"""Calls to other programs (chat tools): written in the transaction of what they tell, sent by a worker, each once.

A call is a leased row (core/jobs.py), as mails are (core/outbox.py). It is signed with the hook's secret; it goes only
where the guard lets it, to the address that was checked, and is sent on by nobody: redirects are not followed.
"""

import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import orjson
from django.db import transaction

from core import jobs, posting
from core.models import Hook, HookCall, JobState
from core.secrets import SealBroken, seal, unseal

log = logging.getLogger(__name__)
FIRST_PAUSE = timedelta(minutes=1)
MOST_ATTEMPTS = 8
# Answers that say: later.
LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
NO_ERROR_BELOW = 300


def call(*, scope: str, key: str, event: str, body: Mapping[str, Any]) -> int:
    """Have the active hooks of everywhere and of `scope` called after the commit, each once per `key`; how many.

    `body` must be JSON-able and hold nothing that a reader of the hook's channel may not see: never money.
    """
    wanted = Hook.objects.filter(is_active=True, scope__in={"", scope}).exclude(calls__key=key)
    rows = [HookCall(hook=hook, key=key, event=event, body=dict(body)) for hook in wanted]
    with transaction.atomic():
        HookCall.objects.bulk_create(rows, ignore_conflicts=True)
        transaction.on_commit(lambda: _wake(_waiting(key)), robust=True)
    return len(rows)


def _waiting(key: str) -> list[int]:
    return list(HookCall.objects.filter(key=key, state=JobState.QUEUED).values_list("pk", flat=True))


def _wake(call_ids: Iterable[int]) -> None:
    from core.tasks import send_call

    for call_id in call_ids:
        send_call.delay(call_id)


def sweep() -> None:
    """Wake workers for the calls that wait and that nobody works on."""
    _wake(jobs.hand_out(HookCall.objects.all()))


def new_secret() -> str:
    """A secret that signs calls: 32 random bytes as text."""
    return secrets.token_urlsafe(32)


def sealed(secret: str) -> bytes:
    """The secret as a hook keeps it."""
    return seal({"secret": secret})


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What proves that a call is ours: HMAC-SHA256 of the timestamp, a dot and the body, in hexadecimal digits."""
    signed = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={signed.hexdigest()}"


def place(url: str) -> str:
    """The server of an address: the rest of it is often a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def deliver(call_id: int, *, once: bool = False) -> None:
    """Send the call, unless it was sent or is in somebody's hands; called twice it does no harm.

    `once`: it is a trial, and not tried again.
    """
    held = jobs.claim(HookCall.objects.select_related("hook"), call_id)
    if held is None:
        return
    if held.attempts > MOST_ATTEMPTS:
        # Its workers died of it, each time.
        jobs.finish(held, JobState.FAILED, error="It was tried too often without an end.")
        return
    if not held.hook.is_active:
        jobs.finish(held, JobState.CANCELLED, error="The hook was switched off.")
        return
    try:
        with jobs.keep_alive(held):
            status = _send(held)
    except (posting.NotSent, SealBroken) as error:
        for_good = once or isinstance(error, SealBroken) or error.permanent
        _failed(held, _why(error), None, for_good=for_good)
    else:
        _answered(held, status, once=once)


def _why(error: Exception) -> str:
    if isinstance(error, SealBroken):
        return "Its secret cannot be opened any more (SECRET_KEY was changed): renew it."
    return str(error)


def _send(held: HookCall) -> int:
    """Post it; the status of the answer."""
    body = orjson.dumps(held.body)
    timestamp = str(int(time.time()))
    secret = unseal(held.hook.sealed).get("secret", "")
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "VMO portal",
        "X-VMO-Event": held.event,
        "X-VMO-Delivery": str(held.pk),
        "X-VMO-Timestamp": timestamp,
        "X-VMO-Signature": signature(secret, timestamp, body),
    }
    return posting.post(held.hook.url, body, headers)


def _answered(held: HookCall, status: int, *, once: bool) -> None:
    if status < NO_ERROR_BELOW:
        jobs.finish(held, JobState.SUCCEEDED, status=status, error="")
        return
    comes_back = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in LATER
    _failed(held, _said(status), status, for_good=once or not comes_back)


def _said(status: int) -> str:
    """An answer in words."""
    if status < HTTPStatus.BAD_REQUEST:
        return f"It answered {status}, a redirect: these are not followed. Give the address it leads to."
    try:
        return f"It answered {status} {HTTPStatus(status).phrase}."
    except ValueError:
        return f"It answered {status}."


def _failed(held: HookCall, why: str, status: int | None, *, for_good: bool) -> None:
    """Put it off, or give it up."""
    log.warning("The hook %s could not be called (attempt %s): %s", held.hook, held.attempts, why)
    if for_good or held.attempts >= MOST_ATTEMPTS:
        jobs.finish(held, JobState.FAILED, error=why, status=status)
    else:
        jobs.put_off(held, FIRST_PAUSE * 2 ** (held.attempts - 1), error=why, status=status)
