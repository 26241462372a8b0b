"""Servers that say which build they are, and answer what a test wants."""

import http.server
import json
import ssl
import subprocess
import threading
from pathlib import Path

from tests.support.process import HOST, find_program

OLD = {
    "source": "https://github.com/o/r",
    "version": "1.0",
    "commit": "1111111111111111111111111111111111111111",
    "build": "https://ci.example.com/1",
}
NEW = {
    "source": "https://github.com/o/r",
    "version": "2.0",
    "commit": "2222222222222222222222222222222222222222",
    "build": "https://ci.example.com/2",
}
PASSING = 200, {"status": "ok"}


class Deployed(http.server.ThreadingHTTPServer):
    """A server whose endpoints answer with what ``version`` and ``heartbeat`` hold.

    ``answers`` come first, one (status, body) a request; ``seen`` has the requests' lines,
    ``peers`` the connections they came on, ``headers`` what each said.
    """

    daemon_threads = True

    def __init__(self, version=NEW, heartbeat=PASSING, tls=None):
        super().__init__((HOST, 0), Handler)
        self.version = version
        self.heartbeat = heartbeat
        self.answers = []
        self.seen = []
        self.peers = []
        self.headers = []
        scheme = "http"
        if tls:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(tls)
            self.socket = context.wrap_socket(self.socket, server_side=True)
            scheme = "https"
        self.url = f"{scheme}://{HOST}:{self.server_port}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exception):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        pass  # a client that doesn't trust the certificate, or has gone


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.seen.append(self.path)
        server.peers.append(self.client_address)
        server.headers.append(self.headers)
        if server.answers:
            status, body = server.answers.pop(0)
        elif self.path.endswith("/__version__"):
            status, body = 200, server.version
        elif self.path.endswith("/__heartbeat__"):
            status, body = server.heartbeat
        else:
            status, body = 404, {}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", body["location"])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


def certificate(folder: Path) -> Path:
    """Make a certificate for the address of the tests' servers, signed by itself, with its key."""
    path = folder / "server.pem"
    openssl = find_program("openssl", hint="apt-get install openssl")
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=test", "-addext", f"subjectAltName=IP:{HOST}"),
            *("-keyout", path, "-out", folder / "certificate.pem"),
        ],
        check=True,
        capture_output=True,
    )
    with path.open("a") as file:
        file.write((folder / "certificate.pem").read_text())
    return path
