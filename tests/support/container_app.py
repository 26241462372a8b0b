"""A conforming application, in the standard library alone, and a switch for each flaw.

``python tests/support/container_app.py [FLAW]``
"""

import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

FLAW = sys.argv[1] if len(sys.argv) > 1 else ""
VERSION = {
    "source": "https://github.com/o/r",
    "version": "1.4.0",
    "commit": "4e6cdab6ed30dd5e80dd3bcdcb2fdb3ac2b7ac11",
    "build": "https://ci.example.com/job/7",
}
PAGE = b"""<!doctype html>
<link rel=icon href="data:,"><link rel=stylesheet href="/static/app.css">
<script>1</script><img src="https://cdn.example.com/x.png"><img src="http://["><img src="data:,">
"""
JSON, HTML, TEXT = "application/json", "text/html", "text/plain"

ANSWERS = {
    "/": (200, HTML, PAGE),
    "/static/app.css": (200, "text/css", b"a {}"),
    "/__version__": (200, JSON, json.dumps(VERSION).encode()),
    "/__heartbeat__": (200, JSON, b'{"status": "ok"}'),
    "/__lbheartbeat__": (200, TEXT, b""),
}
# how an application with one flaw answers otherwise
FLAWS = {
    "no version": {"/__version__": (404, TEXT, b"")},
    "version is text": {"/__version__": (200, TEXT, b"1.4.0")},
    "version is a list": {"/__version__": (200, JSON, b'["1.4.0"]')},
    "another version": {
        "/__version__": (200, JSON, json.dumps(VERSION | {"version": "2"}).encode())
    },
    "missing keys": {"/__version__": (200, JSON, b'{"version": "1.4.0"}')},
    "no heartbeat": {"/__heartbeat__": (404, TEXT, b"")},
    "login": {"/__heartbeat__": (302, "/login", b"")},
    "heartbeat is a page": {"/__heartbeat__": (200, HTML, b"<html>Hello</html>")},
    "heartbeat is broken": {"/__heartbeat__": (200, JSON, b'{"status": ')},
    "database down": {"/__heartbeat__": (503, JSON, b"{}")},
    "no load balancer check": {"/__lbheartbeat__": (404, TEXT, b"")},
    "load balancer check needs the database": {
        "/__heartbeat__": (503, JSON, b"{}"),
        "/__lbheartbeat__": (503, TEXT, b""),
    },
    "no static files": {"/static/app.css": (404, TEXT, b"")},
    "a page for a static file": {"/static/app.css": (200, HTML, b"<html>Hello</html>")},
    "base elsewhere": {
        "/": (200, HTML, b'<base href="/assets/"><link rel="Preload Stylesheet" href=app.css>')
    },
    "base": {
        "/": (200, HTML, b'<base href="/static/"><link rel="Preload Stylesheet" href=app.css>')
    },
}
# how Django refuses a host name, without and with DEBUG, and Starlette
BAD_HOSTS = {
    "Django refuses the host": b"<h1>Bad Request (400)</h1>",
    "Django refuses the host in debug mode": b"<h1>DisallowedHost at /__heartbeat__</h1>",
    "Starlette refuses the host": b"Invalid host header",
}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if FLAW == "redirect":
            status, kind, body = 301, "https://example.com/", b""
        elif FLAW in BAD_HOSTS:
            status, kind, body = 400, HTML, BAD_HOSTS[FLAW]
        elif FLAW == "one page for all":
            status, kind, body = ANSWERS["/"]
        elif FLAW == "another page for all":
            status, kind, body = ANSWERS["/"]
            body += b"<meta name=nonce content=%d>" % time.monotonic_ns()
        elif FLAW == "yes to all" and self.path != "/":
            status, kind, body = 200, TEXT, b"OK"
        elif FLAW == "echoes all" and self.path != "/":
            status, kind, body = 200, TEXT, b"You requested " + self.path.encode()
        elif FLAW == "JSON for all" and self.path != "/":
            record = VERSION | {"path": self.path, "time": time.time_ns()}
            status, kind, body = 200, JSON, json.dumps(record).encode()
        else:
            answers = ANSWERS | FLAWS.get(FLAW, {})
            status, kind, body = answers.get(self.path, (404, TEXT, b"not found"))
        if FLAW == "slow load balancer check" and self.path == "/__lbheartbeat__":
            time.sleep(1.2)
        if FLAW == "dies" and self.path == "/__version__":
            sys.stderr.write("out of luck\n")
            os._exit(7)
        self.send_response(status)
        self.send_header("Location" if 300 <= status < 400 else "Content-Type", kind)
        dripping = FLAW == "drips" and self.path == "/__heartbeat__"
        self.send_header("Content-Length", str(1000 if dripping else len(body)))
        self.end_headers()
        while dripping:
            self.wfile.write(b" ")
            time.sleep(0.02)
        self.wfile.write(body)

    def log_request(self, code="-", size="-"):
        if FLAW.endswith("silent"):
            return
        if FLAW == "text logs":
            print("GET", self.path, flush=True)
            return
        fields = {"code": int(code), "path": self.path}
        record = {
            "Timestamp": time.time_ns(),
            "Type": "request.summary",
            "Logger": "app",
            "EnvVersion": "1.0" if FLAW == "other JSON logs" else "2.0",
            "Fields": fields,
        }
        print(json.dumps(record), flush=True)

    def log_message(self, *_):
        """Write nothing in another form."""


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6 if FLAW.startswith("IPv6") else socket.AF_INET

    def server_bind(self):
        if FLAW.startswith("IPv6"):
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        super().server_bind()


def raise_again(*_):
    """As uvicorn does, which then ends by itself, and Node.js, which does not."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.raise_signal(signal.SIGTERM)
    if FLAW == "raises SIGTERM again and ends":
        os._exit(0)


def main():
    port = int(os.environ["PORT"])
    if FLAW == "crashes":
        sys.exit("no module named shop")
    if FLAW == "hangs":
        time.sleep(600)
    if FLAW == "log file":
        Path("app.log").write_text("a line\n")
    if FLAW in {"open log file", "open log file, silent"}:
        os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT)
    if FLAW == "two programs":
        subprocess.Popen(["sleep", "600"])
    if FLAW == "leaves a daemon":
        script = "import os, time; os.fork() and os._exit(0); os.setsid(); time.sleep(600)"
        subprocess.Popen([sys.executable, "-c", script, sys.argv[2]]).wait()
    addresses = {"loopback": "127.0.0.1", "IPv6 loopback": "::1", "IPv6 only": "::"}
    address = addresses.get(FLAW, "0.0.0.0")
    if FLAW == "another port":
        port = 0
    with Server((address, port), Handler) as server:
        if FLAW == "never answers":
            time.sleep(600)
        if FLAW == "waits for SIGTERM":  # no flaw: how an init such as tini does it
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
            threading.Thread(target=server.serve_forever, daemon=True).start()
            signal.sigwait({signal.SIGTERM})
            os._exit(0)
        if FLAW.startswith("raises SIGTERM again"):
            signal.signal(signal.SIGTERM, raise_again)
        elif FLAW == "ignores SIGTERM":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        elif FLAW != "no handler":
            signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        server.serve_forever()


if __name__ == "__main__":
    main()
