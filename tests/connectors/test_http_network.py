"""Which addresses the HTTP client asks, by which name, over which network: TLS, DNS, proxies, broken connections."""

import socket
import ssl
import threading
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from connectors.http import HASTY, Http, guard
from connectors.protocol import ConnectorError
from tests.connectors.asking import Waits, client, context, failure
from tests.connectors.server import Reply, Server


def test_a_server_that_is_not_there(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    waited = Waits()
    error = failure(client(f"http://127.0.0.1:{port}", waited, limits=HASTY))
    assert not error.permanent
    assert "cannot be reached" in str(error)
    assert len(waited) == 2


def test_an_unknown_name_is_named() -> None:
    error = failure(client("https://no-such-host.invalid", limits=HASTY))
    assert "no-such-host.invalid" in str(error)
    assert error.field == "url"


def test_a_connection_that_breaks_off_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        answers = [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]"]

        def serve() -> None:
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        waited = Waits()
        assert client(f"http://127.0.0.1:{listener.getsockname()[1]}", waited).get_json("x").data == []
        thread.join()
    assert len(waited) == 1


def test_plain_http_behind_https_is_explained(server: Server) -> None:
    error = failure(client(server.url.replace("http://", "https://")))
    assert error.permanent
    assert "TLS" in str(error)


def test_an_untrusted_certificate_is_explained(tmp_path: Path) -> None:
    with tls_server(tmp_path) as port:
        error = failure(client(f"https://localhost:{port}"))
    assert error.permanent
    assert "certificate" in str(error)


def test_an_expired_certificate_is_renewed_by_others(tmp_path: Path) -> None:
    with tls_server(tmp_path, days=-1) as port:
        error = failure(client(f"https://localhost:{port}", ca_file=str(tmp_path / "cert.pem"), limits=HASTY))
    assert not error.permanent
    assert "certificate" in str(error)


def test_the_companys_own_certificate_authority(tmp_path: Path) -> None:
    with tls_server(tmp_path) as port:
        http = client(f"https://localhost:{port}", ca_file=str(tmp_path / "cert.pem"))
        assert http.get_json("x").data == []


def test_a_missing_certificate_file_names_its_field(tmp_path: Path) -> None:
    with pytest.raises(ConnectorError) as caught:
        client("https://localhost", ca_file=str(tmp_path / "none.pem"))
    assert caught.value.field == "ca_file"


@pytest.mark.parametrize(
    ("address", "with_private", "without"),
    [
        ("140.82.121.4", True, True),
        ("2606:50c0:8000::153", True, True),
        ("10.1.2.3", True, False),
        ("192.168.0.1", True, False),
        ("100.64.0.1", True, False),
        ("127.0.0.1", True, False),
        ("::1", True, False),
        ("fd12::1", True, False),
        ("::ffff:10.0.0.1", True, False),
        ("169.254.169.254", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("64:ff9b::a9fe:a9fe", False, False),
        ("2002:a9fe:a9fe::", False, False),
        ("fe80::1", False, False),
        ("fd00:ec2::254", False, False),
        ("100.100.100.200", False, False),
        ("168.63.129.16", False, False),
        ("0.0.0.0", False, False),  # noqa: S104
        ("::", False, False),
        ("224.0.0.1", False, False),
        ("ff02::1", False, False),
        ("255.255.255.255", False, False),
    ],
)
def test_which_addresses_may_be_asked(address: str, with_private: bool, without: bool) -> None:
    assert (guard.refusal(ip_address(address), allow_private=True) == "") is with_private
    assert (guard.refusal(ip_address(address), allow_private=False) == "") is without


@pytest.mark.parametrize("host", ["169.254.169.254", "0xa9fea9fe", "2852039166", "[::ffff:a9fe:a9fe]"])
def test_metadata_is_never_asked_however_it_is_written(host: str) -> None:
    error = failure(client(f"http://{host}"))
    assert error.permanent
    assert "never asked" in str(error)


def test_private_addresses_can_be_forbidden(server: Server) -> None:
    http = Http(server.url, context=context(allow_private=False))
    assert "CONNECTORS_ALLOW_PRIVATE" in str(failure(http))
    assert server.requests == []


def answer_names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[list[str]]:
    """A name server for tool.example that answers in turn; returns what it has not answered yet."""
    left, really = list(answers), socket.getaddrinfo

    def lookup(host: str, *rest: Any, **more: Any) -> list[Any]:
        if host != "tool.example":
            return really(host, *rest, **more)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in left.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return left


def test_a_name_is_asked_for_once_and_its_address_kept(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """So a name server that answers differently the second time (DNS rebinding) gains nothing."""
    left = answer_names(monkeypatch, ["127.0.0.1"], ["169.254.169.254"])
    server.script("/x", Reply([]))
    http = client(server.url.replace("127.0.0.1", "tool.example"))
    assert [http.get_json("x").data, http.get_json("x").data] == [[], []]
    assert server.requests[0].headers["host"].startswith("tool.example:")
    assert left == [["169.254.169.254"]]


def test_one_refused_address_refuses_the_name(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_names(monkeypatch, ["127.0.0.1", "169.254.169.254"])
    error = failure(client(server.url.replace("127.0.0.1", "tool.example")))
    assert "tool.example” leads to 169.254.169.254" in str(error)
    assert server.requests == []


def test_the_next_address_of_a_name_is_tried(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_names(monkeypatch, ["127.0.0.2", "127.0.0.1"])
    server.script("/x", Reply([]))
    assert client(server.url.replace("127.0.0.1", "tool.example")).get_json("x").data == []


def test_the_companys_proxy_is_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("no_proxy", "own.example")
    server.script("/x", Reply([]))
    assert client("http://tool.example").get_json("x").data == []
    assert server.requests[0].headers["host"] == "tool.example"
    assert "cannot be found" in str(failure(client("http://own.example", limits=HASTY)))
    assert "never asked" in str(failure(client("http://169.254.169.254")))
    assert len(server.requests) == 1


class tls_server:
    """A TLS server on localhost with a certificate of its own, answering [] to everything."""

    def __init__(self, folder: Path, days: int = 1) -> None:
        make_certificate(folder, days)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        self._server = Server(lambda _: Reply([]))
        http = self._server._http
        http.socket = self._tls.wrap_socket(http.socket, server_side=True, do_handshake_on_connect=False)

    def __enter__(self) -> int:
        self._server.__enter__()
        return self._server._http.server_port

    def __exit__(self, *error: Any) -> None:
        self._server.__exit__(*error)


def make_certificate(folder: Path, days: int) -> None:
    """Valid since three days ago, for `days` more."""
    from datetime import timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=3))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(secret)
