"""GitHub's addresses, and pages of records: a record that cannot be read is rejected, the rest goes on."""

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

import msgspec

from connectors.github.payloads import Event, Issue
from connectors.github.rules import Rules
from connectors.http import Credentials, Http, HttpError, Limits, Response
from connectors.protocol import ConnectorError, Context, Rejected

T = TypeVar("T")

PER_PAGE = 100
THREADS = 4
# Of a record that was there a moment ago: deleted, or moved to where we cannot see it.
GONE = frozenset({404, 410})

NEEDS = "The token needs read access to contents, issues, pull requests, deployments and actions of the repository."
HINTS = {
    401: "Check that it is copied whole, not expired and not revoked.",
    403: NEEDS + " An organisation may also have to approve it (single sign-on).",
    404: "Check the name; a private repository looks as if it did not exist to a token that may not see it.",
}


class Records(NamedTuple, Generic[T]):
    """What a list holds (None: what it belongs to is gone), and what in it cannot be read."""

    found: list[T] | None
    rejected: list[Rejected]


def connect(rules: Rules, context: Context, limits: Limits, address: str = "") -> Http:
    """A client for the REST API (or for `address`)."""
    return Http(
        address or rules.api,
        context=context,
        credentials=Credentials.bearer(rules.token),
        source="GitHub",
        headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
        hints=HINTS,
        ca_file=rules.ca_file,
        limits=limits,
    )


def decode(raw: Iterable[msgspec.Raw], shape: type[T], place: Callable[[int], str]) -> tuple[list[T], list[Rejected]]:
    """Records as `shape`; what does not fit is rejected. `place` names the n-th (from 0) for people."""
    good: list[T] = []
    bad: list[Rejected] = []
    for number, record in enumerate(raw):
        try:
            good.append(msgspec.json.decode(record, type=shape))
        except msgspec.ValidationError as error:
            text = bytes(record)[:500].decode(errors="replace")
            bad.append(Rejected(place(number), f"GitHub's record is not as documented: {error}.", text))
    return good, bad


class Api:
    """The addresses of one repository."""

    def __init__(self, http: Http, repository: str) -> None:
        self.http = http
        self.root = f"repos/{repository}"

    def path(self, *parts: str | int) -> str:
        return "/".join((self.root, *(str(part) for part in parts)))

    def list(self, response: Response, shape: type[T], kind: str, key: str = "") -> tuple[list[T], list[Rejected]]:
        """The records of an answer: a list, or the list under `key`."""
        raw = response.decode(dict[str, msgspec.Raw])[key] if key else response.body
        records = msgspec.json.decode(raw, type=list[msgspec.Raw]) if key else response.decode(list[msgspec.Raw])
        return decode(records, shape, lambda number: f"{kind}, entry {number + 1} of {response.url}")

    def all(self, address: str, shape: type[T], kind: str) -> Iterator[T]:
        """Every record of a list; for lists where one that cannot be read is an error."""
        for response in self.http.pages(address, {"per_page": PER_PAGE}):
            yield from response.decode(list[shape])  # type: ignore[valid-type]

    def timelines(self, numbers: Iterable[int]) -> Iterator[Records[Event]]:
        """The whole timelines of issues or pull requests, in the order of `numbers`."""
        numbers = list(numbers)
        addresses = [self.path("issues", number, f"timeline?per_page={PER_PAGE}") for number in numbers]
        kinds = [f"timeline of #{number}" for number in numbers]
        return self.each(addresses, Event, kinds)

    def blockers(self, numbers: Iterable[int]) -> Iterator[Records[Issue]]:
        """What issues wait for, in the order of `numbers`; nothing on servers that do not know of such links."""
        numbers = list(numbers)
        addresses = [self.path("issues", number, f"dependencies/blocked_by?per_page={PER_PAGE}") for number in numbers]
        return self.each(addresses, Issue, [f"what #{number} is blocked by" for number in numbers])

    def each(self, addresses: Iterable[str], shape: type[T], kinds: Iterable[str]) -> Iterator[Records[T]]:
        """The records of several lists, each with all its pages, asked a few at a time. `kinds` name them."""
        for kind, first in zip(kinds, self.http.each(addresses, THREADS), strict=True):
            yield self._whole(first, shape, kind)

    def _whole(self, first: Response | HttpError, shape: type[T], kind: str) -> Records[T]:
        found: list[T] = []
        rejected: list[Rejected] = []
        answer: Response | HttpError | None = first
        while answer is not None:
            if isinstance(answer, HttpError):
                if answer.status in GONE:
                    return Records(None, [])
                raise answer
            good, bad = self.list(answer, shape, kind)
            found += good
            rejected += bad
            answer = self._or_error(answer.next) if answer.next else None
        return Records(found, rejected)

    def _or_error(self, address: str) -> Response | HttpError:
        try:
            return self.http.get_json(address)
        except HttpError as error:
            return error

    def maybe(self, address: str, shape: type[T], missing: frozenset[int] = GONE) -> T | None:
        """One record, or None when GitHub has none there."""
        try:
            return self.http.get(address, shape)
        except HttpError as error:
            if error.status in missing:
                return None
            raise

    def readable(self, address: str) -> ConnectorError | None:
        """Why an address cannot be read; None: it can."""
        try:
            self.http.get_json(address, {"per_page": 1})
        except HttpError as error:
            if error.permanent:
                return error
            raise
        return None
