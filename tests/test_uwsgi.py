"""uWSGI with the configuration that the documentation shows."""

import json
import sys
from pathlib import Path

import pytest

from tests.conftest import available
from tests.support.faults import messages
from tests.support.process import find_program, python_path
from tests.support.waiting import settle
from tests.support.walkthrough import blocks
from tests.support.web import Server

pytestmark = pytest.mark.once

CHECKOUT = Path(__file__).parents[1]
WSGI = """\
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
"""


class UWSGI(Server):
    """A project ``shop`` with two checks, of which one hangs; the page's file is its own."""

    def __init__(self):
        folders = [Path(sys.executable).parent]
        self.program = find_program("uwsgi", folders=folders, hint="pip install pyuwsgi")
        super().__init__()
        page = (CHECKOUT / "docs" / "container.rst").read_text(encoding="utf-8")
        (self.folder / "uwsgi.ini").write_text(dict(blocks(page))["uwsgi.ini"])
        (self.folder / "shop").mkdir()
        (self.folder / "shop" / "wsgi.py").write_text(WSGI)

    def command(self):
        return [self.program, "--ini", "uwsgi.ini"]

    def environment(self):
        return {
            **super().environment(),
            "PORT": str(self.port),
            "PYTHONPATH": f"{self.folder}:{python_path()}",
            "DJANGO_SETTINGS_MODULE": "tests.support.fault_settings",
            "DOCKERFLOW_CHECKS": "check_database_connected,tests.support.fault_checks.sleeps",
            "DOCKERFLOW_HEARTBEAT_DETAILS": "always",
            "DOCKERFLOW_HEARTBEAT_TIMEOUT": "1",
        }


@pytest.fixture(scope="module")
def server():
    with available(UWSGI) as server:
        yield server


def test_a_heartbeat_is_in_time_while_a_check_hangs(server):
    answer = server.get("/__heartbeat__")

    assert answer.seconds < 2
    assert messages(answer) == {
        "check_database_connected": {},
        "sleeps": {"dockerflow.health.C001": "sleeps has been running for # s, since #"},
    }


def test_a_request_is_one_line_of_json(server):
    assert server.get("/?token=hush").status == 200
    settle(lambda: "request.summary" in server.output)
    [line] = [line for line in server.output.splitlines() if "request.summary" in line]

    assert json.loads(line)["Fields"]["path"] == "/"
    assert "hush" not in server.output


def test_sigterm_ends_it_in_time():
    with available(UWSGI) as server:
        process = server._process

        assert server.stop() < 10
        assert process.returncode == 0
