"""A Flask application with PostgreSQL, and a switch for each flaw: ``flask_app.py [FLAW]``."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import psycopg
from flask import Flask, Response

FLAW = sys.argv[1] if len(sys.argv) > 1 else ""
URL = os.environ["DATABASE_URL"]
app = Flask(__name__)
lock = threading.Lock()
STARTED = time.monotonic()
connection = psycopg.connect(URL, autocommit=True) if FLAW == "never reconnects" else None


def look():
    """Ask the database something, as the flaw does it."""
    if FLAW == "blind":
        return
    if FLAW == "connects late" and time.monotonic() < STARTED + 2:
        raise psycopg.OperationalError
    if connection:
        with lock:
            connection.execute("SELECT 1")
        return
    # libpq has no timeout by default
    timeout = {} if FLAW == "no timeout" else {"connect_timeout": 2}
    with psycopg.connect(URL, **timeout) as new:
        new.execute("SELECT 1")


def answer():
    try:
        look()
    except psycopg.Error:
        if FLAW == "dies":
            os._exit(3)
        if FLAW == "connects for ever":
            time.sleep(0.1)
            return answer()
        return {"status": "error"}, 500
    return {"status": "ok"}


@app.get("/__heartbeat__")
def heartbeat():
    return answer()


@app.get("/__lbheartbeat__")
def lbheartbeat():
    if FLAW == "needs it for the load balancer":
        return answer()
    return ""


@app.get("/__version__")
def version():
    return Response(Path("version.json").read_text(), mimetype="application/json")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    app.run("0.0.0.0", int(os.environ["PORT"]), threaded=True)
