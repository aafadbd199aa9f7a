"""A small real HTTP server in a thread, for connectors to talk to. What it answers is a function or a script."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit


class Request(NamedTuple):
    """What was asked. Header names are lower case; `query` keeps the last value of a name."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Reply(NamedTuple):
    """What to answer: `body` is sent as JSON unless it is bytes."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = {}

    def encoded(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


Answer = Callable[[Request], Reply]


class Server:
    """`with Server() as server: …`; then `server.url`.

    `server.script(path, reply, reply …)`: answered in turn, the last one for ever. What has no script goes to
    `answer`; without one it is 404. `server.requests` is all that was asked, in order.
    """

    def __init__(self, answer: Answer | None = None) -> None:
        self.requests: list[Request] = []
        self._answer = answer
        self._scripts: dict[str, list[Reply]] = {}
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def script(self, path: str, *replies: Reply) -> None:
        self._scripts[path] = list(replies)

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def reply(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            script = self._scripts.get(request.path)
            if script:
                return script.pop(0) if len(script) > 1 else script[0]
        return self._answer(request) if self._answer else Reply({"message": "Not Found"}, 404)

    def __enter__(self) -> "Server":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Idle connections must not outlive the test by much.
            timeout = 30
            # Head and body are two packets: without this the second waits 40 ms for the first's receipt.
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                query = dict(parse_qsl(parts.query, keep_blank_values=True))
                self._send(server.reply(Request(self.command, parts.path, query, headers, body)))

            do_POST = do_GET

            def _send(self, reply: Reply) -> None:
                content = reply.encoded()
                self.send_response(reply.status)
                for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                if reply.status != 304:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if reply.status != 304:
                    self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                """Tests look at `requests`."""

        return Handler
