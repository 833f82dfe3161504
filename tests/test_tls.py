"""An endpoint by TLS: one for whose certificate somebody vouches whom we trust, and the others, which are refused."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from conftest import Run
from kgcompare.errors import EndpointError
from kgcompare.store import exchange
from kgcompare.store.credentials import Credentials
from kgcompare.store.endpoint import Addresses, Endpoint
from kgcompare.store.speaking import Manners
from serving import missing

ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/sparql-results+json\r\nContent-Length: 31\r\n"
    b'Connection: close\r\n\r\n{"head": {}, "boolean": true  }'
)


def openssl(folder: Path, *arguments: str) -> None:
    binary = shutil.which("openssl") or missing("openssl is not installed (apt-get install openssl)")
    subprocess.run([binary, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority (ca.pem), and what it says of 127.0.0.1 (good), of another host (other), and of the past (old)."""
    folder = tmp_path_factory.mktemp("papers")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl(folder, "req", "-x509", *key, "-days", "2", "-subj", "/CN=Tests", "-keyout", "ca.key", "-out", "ca.pem")
    here, elsewhere = "IP:127.0.0.1", "DNS:other.example"
    for name, about, days in ("good", here, "2"), ("other", elsewhere, "2"), ("old", here, "-1"):
        openssl(folder, "req", "-new", *key, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        (folder / f"{name}.txt").write_text(f"subjectAltName={about}\n")
        signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", days, "-extfile", f"{name}.txt")
        openssl(folder, "x509", "-req", "-in", f"{name}.csr", *signed, "-out", f"{name}.pem")
    return folder


@dataclass
class Secure:
    """A server that speaks TLS with a certificate, and what it was asked."""

    server: socket.socket
    context: ssl.SSLContext
    asked: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.server.getsockname()[1]}/sparql"

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            self.connections += 1
            with connection, suppress(OSError):
                connection.settimeout(20)
                with self.context.wrap_socket(connection, server_side=True) as secure:
                    self.asked.append(secure.recv(65536))
                    secure.sendall(ANSWER)


@pytest.fixture
def secure(request: pytest.FixtureRequest, papers: Path) -> Iterator[Secure]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(papers / f"{request.param}.pem", papers / f"{request.param}.key")
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = Secure(server, context)
        thread = threading.Thread(target=found.serve, daemon=True)
        thread.start()
        yield found
        server.shutdown(socket.SHUT_RDWR)
    thread.join(20)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """Each test has the certificates of its own surroundings."""
    exchange.trusting.cache_clear()
    yield
    exchange.trusting.cache_clear()


def asking(url: str, retries: int = 2) -> Endpoint:
    return Endpoint(Addresses(url, credentials=Credentials(token="secret")), 30.0, 1 << 20, Manners(retries=retries))


@pytest.mark.parametrize("secure", ["good"], indirect=True)
def test_a_certificate_that_somebody_vouches_for(secure: Secure, papers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(papers / "ca.pem"))
    assert asking(secure.url).ask("ASK {}")[1].endswith(b"true  }")
    assert b"Authorization: Bearer secret" in secure.asked[0]


@pytest.mark.parametrize(
    ("secure", "trusted", "says"),
    [("good", "", "SSL_CERT_FILE"), ("other", "ca.pem", "127.0.0.1"), ("old", "ca.pem", "expired")],
    indirect=["secure"],
)
def test_a_certificate_that_is_refused(
    secure: Secure, trusted: str, says: str, papers: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(papers / trusted))
    with pytest.raises(EndpointError, match=f"has no certificate that can be trusted: .*{says}"):
        asking(secure.url).ask("ASK {}")
    assert secure.asked == []
    assert secure.connections == 1, "it is not asked again: that changes nothing"
    said = run("stats", "--endpoint", secure.url)
    assert said.code == 3
    assert says in said.err
    assert "Traceback" not in said.err


def test_a_server_without_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def plain() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=plain, daemon=True)
        thread.start()
        with pytest.raises(EndpointError, match="does not speak TLS; try http://"):
            asking(f"https://127.0.0.1:{server.getsockname()[1]}/sparql", retries=0).ask("ASK {}")
        thread.join(20)


def test_a_file_of_certificates_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nothing.pem"))
    said = run("stats", "--endpoint", "https://127.0.0.1:9/sparql")
    assert said.code == 3
    assert "nothing.pem" in said.err
