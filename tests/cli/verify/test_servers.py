"""``python -m dockerflow verify --command``: the verdict on SIGTERM is what really happens.

Each server is started twice more: as process 1 of a namespace by another program, util-linux's
``unshare``, and by a verify that may not make a namespace.
"""

import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from tests.conftest import available
from tests.support.process import find_program, unused_port
from tests.support.verification import outcomes_and_findings

pytestmark = pytest.mark.once

SOURCES = Path(__file__).parents[2] / "support" / "servers"
NODE = "a Node.js with npm: apt-get install npm"
PROGRAMS = {
    "node": NODE,
    "npm": NODE,
    "java": "apt-get install default-jdk-headless",
    "bash": "apt-get install bash",
}
BIN = Path(sys.executable).parent
SECONDS = 5  # after SIGTERM; a server that still runs then does not end

SERVERS = [
    "gunicorn app:wsgi",
    "gunicorn --workers 2 --threads 2 app:wsgi",
    "uvicorn --host 0.0.0.0 --port $PORT app:asgi",
    "uvicorn --host 0.0.0.0 --port $PORT --workers 2 app:asgi",
    "hypercorn --bind 0.0.0.0:$PORT app:asgi",
    "daphne --bind 0.0.0.0 --port $PORT app:asgi",
    "granian --interface asgi --host 0.0.0.0 --port $PORT app:asgi",
    "waitress-serve --port $PORT app:wsgi",
    "flask --app app:flask run --host 0.0.0.0 --port $PORT",
    "python -m http.server $PORT",
    "java Server.java",
    "node server.js",
    "node server.js handles",
    "npm start",
    "bash entrypoint.sh python -m http.server $PORT",
    "bash entrypoint.sh gunicorn app:wsgi",
    "bash entrypoint.sh exec gunicorn app:wsgi",
]


@pytest.fixture
def app(tmp_path):
    folder = tmp_path / "app"
    shutil.copytree(SOURCES, folder)
    return folder


def environment(folder, port=None):
    return {
        "PATH": os.pathsep.join([str(BIN), os.environ["PATH"]]),
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "HOME": str(folder),
        **({"PORT": str(port)} if port else {}),
    }


def verdict(folder, command, *prefix):
    """Return the outcome of the line ``stop`` of verify, started with the words of ``prefix``."""
    words = [sys.executable, "-m", "dockerflow", "verify", "--json", "--stop-timeout", SECONDS]
    done = subprocess.run(
        [*map(str, [*prefix, *words]), "--command", command],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    outcomes, found = outcomes_and_findings(done.stdout)
    assert outcomes["port"] == "passed", found["port"]
    return outcomes["stop"]


def ends(folder, command):
    """Return whether the command ends in time after SIGTERM, as process 1 of a namespace."""
    unshare = available(lambda: find_program("unshare", hint="apt-get install util-linux"))
    port = unused_port()
    words = shlex.split(command.replace("$PORT", str(port)))
    with subprocess.Popen(
        [unshare, "--pid", "--fork", "--mount-proc", "--kill-child=KILL", "--", *words],
        cwd=folder,
        env=environment(folder, port),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        deadline = time.monotonic() + 30
        with socket.socket() as client:
            while client.connect_ex(("127.0.0.1", port)) and time.monotonic() < deadline:
                time.sleep(0.05)
        time.sleep(1)  # some listen before they handle the signal
        [first] = psutil.Process(process.pid).children()
        first.terminate()
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            first.kill()
            return False
        return True


@pytest.mark.parametrize("command", SERVERS)
def test_the_verdict_is_what_happens_to_process_1(app, command):
    for name in set(shlex.split(command)) & set(PROGRAMS):
        available(lambda name=name: find_program(name, hint=PROGRAMS[name]))
    setpriv = available(lambda: find_program("setpriv", hint="apt-get install util-linux"))

    with ThreadPoolExecutor(3) as pool:
        really = pool.submit(ends, app, command)
        judged = pool.submit(verdict, app, command)
        guessed = pool.submit(verdict, app, command, setpriv, "--bounding-set", "-sys_admin")

    expected = "passed" if really.result() else "failed"
    assert judged.result() == expected
    assert guessed.result() in {expected, "not checked"}
