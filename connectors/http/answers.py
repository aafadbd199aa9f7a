"""Answers of a server, and what their errors mean in words. Nothing here shows a header, a query or a body."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx
import msgspec

from connectors.protocol import ConnectorError

T = TypeVar("T")


class HttpError(ConnectorError):
    """The server answered with an error; `status` tells which, for connectors that expect it (404, 410)."""

    def __init__(self, message: str, *, status: int, permanent: bool = False, field: str = "") -> None:
        super().__init__(message, permanent=permanent, field=field)
        self.status = status


@dataclass(frozen=True, slots=True)
class Response:
    """An answer that is no error. Header names are lower case; `next` is the Link header's next page, or empty."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    source: str

    @property
    def not_modified(self) -> bool:
        return self.status == 304

    @property
    def next(self) -> str:
        found = re.search(r'<([^<>]+)>\s*;[^,<]*\brel="?next"?', self.headers.get("link", ""))
        return str(httpx.URL(self.url).join(found[1])) if found else ""

    @property
    def data(self) -> Any:
        """The body, parsed as JSON. Raises ConnectorError when it is none (a log-in page, say)."""
        return self.decode(Any)

    def decode(self, shape: type[T]) -> T:
        """The body as `shape` (a msgspec Struct, a list of them …). Raises ConnectorError."""
        try:
            return msgspec.json.decode(self.body, type=shape)
        except msgspec.ValidationError as error:
            raise ConnectorError(f"{self.source} answered something else than expected: {error}.") from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise self._not_data() from None

    def _not_data(self) -> ConnectorError:
        is_page = "html" in self.headers.get("content-type", "") or self.body[:200].lstrip()[:1] == b"<"
        if is_page:
            hint = "It may be a log-in page or a proxy: check the address and the token."
            return ConnectorError(f"{self.source} answered with a web page, not with data. {hint}", permanent=True)
        return ConnectorError(f"{self.source} answered with something that is not JSON; the answer may be cut off.")


@dataclass(frozen=True, slots=True)
class Errors:
    """Turns answers that are errors into ConnectorErrors. `hints`: per status, what to check.

    `redact` takes secrets out of the server's own words; `field` names the setting that holds the token.
    """

    source: str
    hints: Mapping[int, str]
    has_token: bool
    field: str
    redact: Callable[[str], str]

    def busy(self, response: Response, again_at: float) -> ConnectorError:
        """The error of a server that wants us to stay away until `again_at` (Unix time)."""
        if response.status in {502, 503, 504} and "retry-after" not in response.headers:
            return self.error(response)
        at = datetime.fromtimestamp(round(again_at), UTC)
        again = f"It may be asked again at {at:%H:%M} UTC on {at:%Y-%m-%d}."
        reason = "is busy" if response.status == 503 else "has had enough requests from us for now"
        return ConnectorError(f"{self.source} {reason}. {again}", retry_at=at)

    def error(self, response: Response) -> HttpError:
        """The error that an answer of status 300 or more means."""
        status = response.status
        said = self.redact(_message(response))
        if status in {401, 403}:
            return self.refused(status, said)
        hint = self.hints.get(status, "")
        if status in {404, 410}:
            hint = hint or "Check the address and the name, and that the token may see it."
            message = f"{self.source} knows no “{_path(response.url)}” ({status}). {hint}"
            return HttpError(message, status=status, permanent=True, field="url")
        if status >= 500:
            return HttpError(f"{self.source} has a problem of its own ({status}). {said}".strip(), status=status)
        message = f"{self.source} did not accept “{_path(response.url)}” ({status}). {said} {hint}".strip()
        return HttpError(message, status=status, permanent=status in {400, 405, 422})

    def refused(self, status: int, said: str) -> HttpError:
        """The error of a token that is missing, wrong (401) or not enough (403); `said`: the server's words."""
        if not self.has_token:
            message = f"{self.source} wants to know who asks ({status}), and no token is set."
        elif status == 401:
            message = f"{self.source} does not accept the token (401)."
        else:
            message = f"{self.source} knows the token but does not allow this (403)."
        parts = (message, said, self.hints.get(status, ""))
        return HttpError(" ".join(part for part in parts if part), status=status, permanent=True, field=self.field)


def _path(address: str) -> str:
    """The path of an address: queries may hold what people searched for, or secrets."""
    return httpx.URL(address).path


def _message(response: Response) -> str:
    """The reason in the server's own words, from the shapes that tools use; empty when there is none."""
    try:
        data = msgspec.json.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    if not isinstance(data, dict):
        return ""
    errors = data.get("errorMessages")
    said = data.get("message") or (errors[0] if isinstance(errors, list) and errors else "") or data.get("error")
    return f"It says: “{said[:300]}”." if isinstance(said, str) and said else ""
