"""Links from mails to the check-in of one key result, without a log-in.

A link is signed, made for one person and one key result, and ends: after 14 days, when the person is deactivated,
changes their password or address, may no longer check in there, and when the objective or its cycle is closed.
"""

from datetime import datetime, timedelta

from django.core.signing import BadSignature, TimestampSigner, b62_decode, b62_encode
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User
from okrs.models import KeyResult
from okrs.rules import may_check_in

SALT = "okrs.links"
LASTS = timedelta(days=14)


class LinkEnded(Exception):
    """The link was right once; the message says why it is no more."""


class LinkUnknown(Exception):
    """Nobody was given this link."""


class _Signer(TimestampSigner):
    """Signs as at an instant, so that nothing but the caller reads the clock."""

    def __init__(self, at: datetime) -> None:
        super().__init__(salt=SALT, sep="~")
        self.at = at

    def timestamp(self) -> str:
        return b62_encode(int(self.at.timestamp()))


def _stamp(user: User) -> str:
    """Changes with the person's password and address."""
    return salted_hmac(SALT, f"{user.pk}:{user.password}:{user.email}", algorithm="sha256").hexdigest()[:16]


def check_in_link(user: User, key_result: KeyResult, now: datetime | None = None) -> str:
    """The path of the page on which `user` checks in, for the next 14 days."""
    signed = _Signer(now or timezone.now()).sign(f"{user.pk}.{key_result.pk}.{_stamp(user)}")
    return reverse("check-in-link", args=[signed])


def read(signed: str, now: datetime | None = None) -> tuple[User, KeyResult]:
    """Who may check in by this link, and on what. Raises LinkUnknown, and LinkEnded with the reason in words."""
    person, thing, stamp = _value(signed, now or timezone.now()).split(".")
    user = User.objects.filter(pk=person).first()
    places = ("objective__cycle", "objective__team", "objective__stream", "kpi")
    key_result = KeyResult.objects.select_related(*places).filter(pk=thing).first()
    if user is None or not user.is_active or not constant_time_compare(stamp, _stamp(user)):
        raise LinkEnded("Your account has changed since the mail was sent.")
    if key_result is None:
        raise LinkEnded("The key result is no more.")
    _check(user, key_result)
    return user, key_result


def _value(signed: str, now: datetime) -> str:
    signer = _Signer(now)
    try:
        value = signer.unsign(signed)
    except BadSignature:
        raise LinkUnknown from None
    made = b62_decode(signed.split(signer.sep)[1])
    if now.timestamp() - made > LASTS.total_seconds():
        raise LinkEnded("Links like this last 14 days.")
    return value


def _check(user: User, key_result: KeyResult) -> None:
    objective = key_result.objective
    if objective.cycle.closed_at:
        raise LinkEnded(f"{objective.cycle} is closed.")
    if objective.closed_at:
        raise LinkEnded("The objective is closed.")
    if not may_check_in(user, key_result):
        raise LinkEnded("This key result is not yours to check in any more.")
