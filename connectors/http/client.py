"""The one HTTP client of the connectors.

It waits when the server says so, follows pages and redirects only on the source's own origin (so a token never goes
anywhere else), refuses addresses that guard.py refuses, limits what it reads, and speaks to people: every failure is a
ConnectorError that says what happened and what to check, and holds no token, no query and no header.
"""

import base64
import logging
import ssl
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.request import getproxies, proxy_bypass

import httpx
import msgspec

from connectors.http import guard, waits
from connectors.http.answers import Errors, HttpError, Response
from connectors.protocol import ConnectorError, Context

T = TypeVar("T")
Params = Mapping[str, str | int]
REDIRECTS = frozenset({301, 302, 303, 307, 308})

# They write whole URLs, queries included, at level INFO, and headers at DEBUG.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)
logger = logging.getLogger(__name__)


class Credentials(NamedTuple):
    """Headers that say who we are, and every text that must never be shown. `field`: the setting that holds it."""

    headers: Mapping[str, str] = {}
    secrets: tuple[str, ...] = ()
    field: str = "token"

    @classmethod
    def bearer(cls, token: str, *, field: str = "token") -> "Credentials":
        return cls({"Authorization": f"Bearer {token}"} if token else {}, (token,) if token else (), field)

    @classmethod
    def basic(cls, user: str, password: str, *, field: str = "token") -> "Credentials":
        encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
        return cls({"Authorization": f"Basic {encoded}"}, tuple(text for text in (encoded, password) if text), field)


ANONYMOUS = Credentials()


@dataclass(frozen=True, slots=True)
class Limits:
    """How patient and how trusting the client is. `wait_seconds` bounds all waiting for one request.

    Who would have to wait longer gives the job back, with the cursor, and comes again at `retry_at`.
    """

    attempts: int = 5
    wait_seconds: float = 150.0
    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    answer_seconds: float = 300.0
    answer_bytes: int = 64 * 1024 * 1024
    redirects: int = 5


# For "test connection": a person is waiting.
HASTY = Limits(attempts=3, wait_seconds=10.0, read_seconds=20.0, answer_seconds=30.0)


class ETags:
    """What we saw of some addresses, to ask "only if it changed". Lives in a connector's cursor; oldest go first."""

    def __init__(self, known: Mapping[str, str] | None = None, limit: int = 100) -> None:
        self._known = dict(known or {})
        self._limit = limit

    def get(self, address: str) -> str:
        return self._known.get(address, "")

    def put(self, address: str, etag: str) -> None:
        self._known.pop(address, None)
        if etag:
            self._known[address] = etag
        while len(self._known) > self._limit:
            del self._known[next(iter(self._known))]

    def as_dict(self) -> dict[str, str]:
        """For the cursor; JSON-able."""
        return dict(self._known)


class Http:
    """A client for one server. `base_url` may have a path; relative paths are put behind it.

    `hints` adds a sentence per status (401, 403, 404 …) that tells people what to check. `sleep` (seconds) and `clock`
    (Unix time) are given by tests. Usable by several threads.
    """

    def __init__(
        self,
        base_url: str,
        *,
        context: Context,
        credentials: Credentials = ANONYMOUS,
        source: str = "The server",
        headers: Mapping[str, str] | None = None,
        hints: Mapping[int, str] | None = None,
        ca_file: str = "",
        limits: Limits = Limits(),
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.source, self.limits = source, limits
        self._base = _parse(base_url)
        self._credentials = credentials
        self._errors = Errors(source, dict(hints or {}), bool(credentials.headers), credentials.field, self.redact)
        self._allow_private, self._sleep, self._clock = context.allow_private, sleep, clock
        self._addresses: list[str] = []
        self._proxy = _proxy(self._base)
        self._client = httpx.Client(
            headers={"User-Agent": "VMO portal", "Accept": "application/json", **(headers or {})},
            timeout=httpx.Timeout(limits.read_seconds, connect=limits.connect_seconds),
            # Reading the certificate authorities takes 0.1 s, and redirects stay on the scheme.
            verify=_tls(ca_file, context) if ca_file or self._base.scheme == "https" else False,
            proxy=self._proxy,
            trust_env=False,
        )
        # A connector has no "close": the connections go when it does.
        self.close = weakref.finalize(self, self._client.close)

    def get_json(
        self,
        address: str,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        etags: ETags | None = None,
    ) -> Response:
        """Ask for a path or a whole address of the same origin. With `etags` the answer may be `not_modified`."""
        url = self._url(address, params)
        asked = dict(headers or {})
        known = etags.get(str(url)) if etags else ""
        if known:
            asked["If-None-Match"] = known
        response = self._request("GET", url, asked, None)
        if etags is not None and not response.not_modified:
            etags.put(str(url), response.headers.get("etag", ""))
        return response

    def get(self, address: str, shape: type[T], params: Params | None = None) -> T:
        """As get_json, decoded as `shape`."""
        return self.get_json(address, params).decode(shape)

    def post_json(self, address: str, body: Any, params: Params | None = None) -> Response:
        """Post a query (it may be sent again after a failure, so nothing that changes the server)."""
        headers = {"Content-Type": "application/json"}
        return self._request("POST", self._url(address, params), headers, msgspec.json.encode(body))

    def pages(self, address: str, params: Params | None = None, *, etags: ETags | None = None) -> Iterator[Response]:
        """The page and all behind it by Link headers; ends at once when the first is `not_modified`."""
        response = self.get_json(address, params, etags=etags)
        seen = {response.url}
        yield response
        while response.next and not response.not_modified:
            if response.next in seen:
                raise ConnectorError(f"{self.source} sends us in circles: its next page is one we have read.")
            response = self.get_json(response.next)
            seen.add(response.url)
            yield response

    def each(self, addresses: Iterable[str], threads: int = 4) -> Iterator[Response | HttpError]:
        """Answers in the order of `addresses`, asked by a few threads; errors of a single address are handed over."""
        with ThreadPoolExecutor(threads) as pool:
            yield from pool.map(self._get_or_error, addresses)

    def redact(self, text: str) -> str:
        """`text` without the secrets of this client."""
        for secret in sorted(self._credentials.secrets, key=len, reverse=True):
            text = text.replace(secret, "…")
        return text

    def _get_or_error(self, address: str) -> Response | HttpError:
        try:
            return self.get_json(address)
        except HttpError as error:
            return error

    def _url(self, address: str, params: Params | None) -> httpx.URL:
        if "://" in address or address.startswith("//"):
            url = _parse(address)
        else:
            url = self._base.copy_with(raw_path=(self._base.path.rstrip("/") + "/" + address.lstrip("/")).encode())
        if _origin(url) != _origin(self._base):
            hint = f"If this is the same server, enter the address it uses itself: {url.scheme}://{_place(url)}."
            message = (
                f"{self.source} sends us on to “{_place(url)}”. The token is for “{_place(self._base)}” only. {hint}"
            )
            raise ConnectorError(message, permanent=True, field="url")
        return url.copy_merge_params(dict(params)) if params else url

    def _request(self, method: str, url: httpx.URL, headers: Mapping[str, str], body: bytes | None) -> Response:
        """One answer: waits and asks again as waits.py says, and follows redirects on the same origin."""
        for _ in range(self.limits.redirects + 1):
            response = self._patiently(method, url, headers, body)
            location = response.headers.get("location", "")
            if response.status not in REDIRECTS or not location:
                if response.status < 300 or response.status == 304:
                    return response
                raise self._errors.error(response)
            if "login" in location.lower() or "signin" in location.lower():
                raise self._errors.refused(401, "It sends us to its log-in page.")
            url = self._url(str(url.join(location)), None)
        raise ConnectorError(f"{self.source} redirects us again and again. Check the address.", permanent=True)

    def _patiently(self, method: str, url: httpx.URL, headers: Mapping[str, str], body: bytes | None) -> Response:
        waited, attempt = 0.0, 0
        while True:
            attempt += 1
            try:
                response = self._once(method, url, headers, body)
            except ConnectorError as error:
                wait, failure = waits.backoff(attempt), error
                if error.permanent:
                    raise
            else:
                asked = waits.wait_seconds(
                    response.status, response.headers, response.body, attempt=attempt, now=self._clock()
                )
                if asked is None:
                    return response
                wait, failure = asked, self._errors.busy(response, self._clock() + asked)
            if attempt >= self.limits.attempts or waited + wait > self.limits.wait_seconds:
                raise failure
            logger.info("%s: waiting %.1f s before attempt %d", self.source, wait, attempt + 1)
            self._sleep(wait)
            waited += wait

    def _once(self, method: str, url: httpx.URL, headers: Mapping[str, str], body: bytes | None) -> Response:
        target, extensions = self._target(url)
        sent = {**headers, **self._credentials.headers, "Host": url.netloc.decode()}
        try:
            with self._client.stream(method, target, headers=sent, content=body, extensions=extensions) as answer:
                content = self._read(answer)
                found = {name.lower(): value for name, value in answer.headers.items()}
                return Response(answer.status_code, found, content, str(url), self.source)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from None

    def _target(self, url: httpx.URL) -> tuple[httpx.URL, dict[str, Any]]:
        """`url` with its host replaced by a checked address, and the name for TLS. A proxy resolves names itself."""
        if self._proxy:
            self._check_literal(url.host)
            return url, {}
        if not self._addresses:
            port = url.port or (443 if url.scheme == "https" else 80)
            self._addresses = guard.resolve(url.host, port, allow_private=self._allow_private)
        extensions = {"sni_hostname": url.host} if url.scheme == "https" else {}
        return url.copy_with(host=self._addresses[0]), extensions

    def _check_literal(self, host: str) -> None:
        try:
            address = ip_address(host)
        except ValueError:
            return
        guard.check(host, address, allow_private=self._allow_private)

    def _read(self, answer: httpx.Response) -> bytes:
        parts, size, end = [], 0, time.monotonic() + self.limits.answer_seconds
        for part in answer.iter_bytes():
            size += len(part)
            if size > self.limits.answer_bytes:
                limit = self.limits.answer_bytes // 2**20
                raise ConnectorError(f"{self.source} answered more than {limit} MB to one question.", permanent=True)
            if time.monotonic() > end:
                raise ConnectorError(f"{self.source} answers too slowly: one answer took over five minutes.")
            parts.append(part)
        return b"".join(parts)

    def _unreachable(self, error: httpx.HTTPError) -> ConnectorError:
        text = str(error).upper()
        if "CERTIFICATE" in text:
            hint = "If your company signs its own certificates, enter the file of its certificate authority."
            message = f"The certificate of “{_place(self._base)}” cannot be trusted. {hint}"
            # An expired one is renewed by others; anything else waits for a person here.
            return ConnectorError(message, permanent="EXPIRED" not in text, field="url")
        if "WRONG_VERSION" in text or "RECORD_LAYER" in text or "HTTP_REQUEST" in text:
            message = f"“{_place(self._base)}” does not speak TLS here. Is it http:// instead of https://?"
            return ConnectorError(message, permanent=True, field="url")
        if isinstance(error, httpx.TimeoutException):
            return ConnectorError(f"{self.source} at “{_place(self._base)}” does not answer in time.")
        if isinstance(error, httpx.ConnectError):
            # The next attempt takes the next address of the name, or asks for the name anew.
            self._addresses = self._addresses[1:]
            return ConnectorError(f"“{_place(self._base)}” cannot be reached: no connection.", field="url")
        return ConnectorError(f"The connection to {self.source} at “{_place(self._base)}” broke off.")


def _parse(address: str) -> httpx.URL:
    try:
        url = httpx.URL(address.strip())
    except httpx.InvalidURL:
        raise ConnectorError("The address is not a URL.", permanent=True, field="url") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise ConnectorError("The address must begin with https:// or http://.", permanent=True, field="url")
    if url.userinfo:
        raise ConnectorError("Leave user and password out of the address.", permanent=True, field="url")
    return url


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)


def _place(url: httpx.URL) -> str:
    return url.netloc.decode()


def _proxy(url: httpx.URL) -> str | None:
    """The company's proxy for `url` by the usual environment variables, or None."""
    return None if proxy_bypass(url.host) else getproxies().get(url.scheme)


def _tls(ca_file: str, context: Context) -> ssl.SSLContext:
    tls = httpx.create_ssl_context()
    if ca_file:
        if why := context.refusal(Path(ca_file)):
            raise ConnectorError(why, permanent=True, field="ca_file")
        try:
            tls.load_verify_locations(ca_file)
        except OSError:
            message = f"“{ca_file}” cannot be read as a file of certificates."
            raise ConnectorError(message, permanent=True, field="ca_file") from None
    return tls
