"""The example, served for real."""

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.support import command
from tests.support.process import HOST
from tests.support.verification import ABOUT_DOCKERFILE
from tests.support.web import Server, python_path

pytestmark = pytest.mark.once

CHECKOUT = Path(__file__).parents[1]
GENERATED = shutil.ignore_patterns(
    *(".*", "__pycache__", "*.egg-info", "_build", "build"),
    *("*.sqlite3", "staticfiles", "version.json"),
)
VERSION_OBJECT = {
    "source": "https://github.com/example/harbour",
    "version": "1.0.0",
    "commit": "4e6cdab6ed30dd5e80dd3bcdcb2fdb3ac2b7ac11",
    "build": "https://ci.example.com/harbour/7",
}
BERTHS = [
    ["East 1", "Amalia", "2 November 2026"],
    ["East 2", "free"],
    ["North 1", "Katharina von Lübeck", "9 November 2026"],
    ["North 2", "Saint-Malo", "11 November 2026"],
    ["West 1", "free"],
]
ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "SECRET_KEY": "a key of the tests",
    # Python 3.13 warns of connections that live as long as the process.
    "PYTHONWARNINGS": "error,ignore::ResourceWarning",
}


def rows(page):
    found = re.findall("<tr>(.*?)</tr>", page, re.DOTALL)
    return [re.findall("<td[^>]*>([^<]*)</td>", row) for row in found[1:]]


def manage(app, *arguments, **environment):
    subprocess.run(
        [sys.executable, app / "manage.py", *arguments],
        env={**os.environ, **ENVIRONMENT, "PYTHONPATH": python_path(), **environment},
        check=True,
    )


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """A copy of the example, built as an image is: static files and version object are there."""
    app = tmp_path_factory.mktemp("example") / "app"
    shutil.copytree(CHECKOUT / "example", app, ignore=GENERATED)
    (app / "version.json").write_text(json.dumps(VERSION_OBJECT))
    manage(app, "collectstatic", "--no-input", "--verbosity=0")
    manage(app, "migrate", "--verbosity=0")
    return app


@pytest.fixture
def database(app, tmp_path):
    """The migrated SQLite database, for one test to spoil."""
    return shutil.copy(app / "db.sqlite3", tmp_path)


def gunicorn(app, url, **environment):
    configuration = str(app / "gunicorn.conf.py")
    command = ["gunicorn", "--config", configuration, "--chdir", str(app), "--bind", HOST]
    command[-1] += ":{port}"
    return Server(*command, DATABASE_URL=url, **ENVIRONMENT, **environment)


@pytest.fixture
def server(app, database):
    url = f"sqlite:///{database}"
    with gunicorn(app, url, DOCKERFLOW_HEARTBEAT_DETAILS="always") as server:
        yield server


def clear(database):
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM harbour_berth")


def times_shown(server):
    return re.findall(r"Shown (\d+) time", server.get("/").body.decode())


def statuses(answer):
    return answer.status, answer.json()["checks"]


def test_the_endpoints_answer(server):
    version = server.get("/__version__")
    assert (version.status, version.json()) == (200, VERSION_OBJECT)
    lbheartbeat = server.get("/__lbheartbeat__")
    assert (lbheartbeat.status, lbheartbeat.body) == (200, b"")
    assert statuses(server.get("/__heartbeat__")) == (
        200,
        {
            "check_database_connected": "ok",
            "check_migrations_applied": "ok",
            "check_berths_loaded": "ok",
        },
    )


def test_the_page_shows_what_the_database_holds(server):
    assert rows(server.get("/").body.decode()) == BERTHS


def test_the_page_is_the_same_in_a_browser(server, chromium, tmp_path):
    url = f"http://{HOST}:{server.port}/"
    assert rows(chromium.dump_dom(url)) == BERTHS
    picture = tmp_path / "page.png"
    chromium.screenshot(url, picture)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_page_is_the_same_under_asgi(app, database):
    command = ["uvicorn", "config.asgi:application", "--app-dir", str(app), "--port", "{port}"]
    with Server(*command, DATABASE_URL=f"sqlite:///{database}", **ENVIRONMENT) as server:
        assert rows(server.get("/").body.decode()) == BERTHS


def test_the_process_serves_its_own_static_files(server):
    page = server.get("/").body.decode()
    [path] = re.findall(r'href="(/static/[^"]+\.css)"', page)
    style = server.get(path)
    assert (style.status, style.headers["Cache-Control"]) == (
        200,
        "max-age=315360000, public, immutable",
    )
    assert style.body == (CHECKOUT / "example/harbour/static/harbour/board.css").read_bytes()


def test_the_heartbeat_fails_while_the_board_is_empty(server, database):
    clear(database)
    answer = server.get("/__heartbeat__")
    assert statuses(answer) == (
        500,
        {
            "check_database_connected": "ok",
            "check_migrations_applied": "ok",
            "check_berths_loaded": "error",
        },
    )
    assert answer.json()["details"]["check_berths_loaded"]["messages"] == {
        "harbour.E001": "The board is empty: no berth was loaded"
    }


def test_another_database_is_one_variable_and_its_end_is_noticed(app, postgresql):
    postgresql.execute("CREATE DATABASE harbour")
    url = postgresql.url.removesuffix("postgres") + "harbour"
    manage(app, "migrate", "--verbosity=0", DATABASE_URL=url)
    with gunicorn(app, url, DOCKERFLOW_HEARTBEAT_DETAILS="always") as server:
        assert rows(server.get("/").body.decode()) == BERTHS
        postgresql.stop()
        assert statuses(server.get("/__heartbeat__")) == (
            500,
            {
                "check_database_connected": "error",
                "check_migrations_applied": "info",
                "check_berths_loaded": "info",
            },
        )
        assert server.get("/__lbheartbeat__").status == 200


def test_an_optional_redis_may_go_away(app, database, redis_server):
    environment = {
        "REDIS_URL": redis_server.url,
        "DOCKERFLOW_OPTIONAL_CHECKS": "dockerflow.django.checks.check_redis_connected",
        "DOCKERFLOW_HEARTBEAT_DETAILS": "always",
    }
    with gunicorn(app, f"sqlite:///{database}", **environment) as server:
        assert times_shown(server) == ["1"]
        assert times_shown(server) == ["2"]
        redis_server.stop()
        assert times_shown(server) == []
        status, checks = statuses(server.get("/__heartbeat__"))
        assert (status, checks["check_redis_connected"]) == (200, "error")


def test_verify_proves_that_the_heartbeat_notices_a_lost_service(app, postgresql, redis_server):
    shutil.copytree(app, app.parent / "strict")
    strict = app.parent / "strict"
    with (strict / "config" / "settings.py").open("a") as settings:
        settings.write('DOCKERFLOW_CHECKS.append("dockerflow.django.checks.check_redis_connected")')
    urls = {"DATABASE_URL": postgresql.url, "REDIS_URL": redis_server.url}
    manage(strict, "migrate", "--verbosity=0", **urls)
    begun = time.monotonic()
    status, out, err = command.run(
        *("verify", "--json", "--command", f"{sys.executable} -m gunicorn"),
        *("--backing", "DATABASE_URL", "--backing", "REDIS_URL"),
        cwd=strict,
        SECRET_KEY=ENVIRONMENT["SECRET_KEY"],
        **urls,
    )

    outcomes = {line["name"]: line["outcome"] for line in json.loads(out)["lines"]}
    assert (status, err) == (0, "")
    assert [name for name, outcome in outcomes.items() if outcome != "passed"] == [
        "environment",  # can't be seen
        *ABOUT_DOCKERFILE,
    ]
    assert time.monotonic() - begun < 60


def test_statsd_is_told_of_every_heartbeat(app, database):
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as statsd:
        statsd.bind((HOST, 0))
        statsd.settimeout(30)
        port = str(statsd.getsockname()[1])
        url = f"sqlite:///{database}"
        with gunicorn(app, url, STATSD_HOST=HOST, STATSD_PORT=port) as server:
            server.get("/__heartbeat__")
            assert statsd.recv(512) == b"harbour.heartbeat.passed:1|c"
            clear(database)
            server.get("/__heartbeat__")
            assert [statsd.recv(512), statsd.recv(512)] == [
                b"harbour.heartbeat.failed:1|c",
                b"harbour.heartbeat.failed.check_berths_loaded:1|c",
            ]


def test_a_statsd_host_that_does_not_exist_changes_no_answer(app, database):
    with gunicorn(app, f"sqlite:///{database}", STATSD_HOST="nowhere.invalid") as server:
        assert server.get("/__heartbeat__").json() == {"status": "ok"}


def test_every_line_of_output_is_json(server):
    server.get("/")
    server.stop()
    lines = server.output.splitlines()
    assert {json.loads(line)["Type"] for line in lines} >= {"gunicorn.error", "request.summary"}


def test_without_ensurepip_run_says_how_to_get_it(tmp_path):
    (tmp_path / "ensurepip.py").write_text("raise ImportError")
    done = subprocess.run(
        [sys.executable, CHECKOUT / "example" / "run.py"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        "example/run.py makes a virtual environment; on Debian: apt-get install python3-venv\n",
    )


def test_a_port_that_is_in_use_is_named_before_anything_is_installed():
    with socket.create_server((HOST, 0)) as listener:
        port = str(listener.getsockname()[1])
        done = subprocess.run(
            [sys.executable, CHECKOUT / "example" / "run.py"],
            env={**os.environ, "PORT": port},
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        f"Port {port} cannot be used (Address already in use). Choose another one with PORT=8001\n",
    )


class Checkout(Server):
    """What somebody has who cloned the repository and typed the README's first command."""

    def __init__(self):
        super().__init__()
        shutil.copytree(CHECKOUT, self.folder / "checkout", ignore=GENERATED)
        self.home = self.folder / "home"
        self.home.mkdir()

    def command(self):
        return [sys.executable, self.folder / "checkout" / "example" / "run.py"]

    def environment(self):
        return {
            "HOME": str(self.home),
            "PATH": os.defpath,
            "PORT": str(self.port),
            "DOCKERFLOW_OPTIONAL_CHECKS": "check_disk_space[/tmp:1%]",  # as in the README
        }


@pytest.mark.once
def test_one_command_serves_the_example_and_leaves_the_home_directory_alone(monkeypatch):
    monkeypatch.setattr("tests.support.process.START_TIMEOUT", 300)  # seconds; it downloads
    with Checkout() as server:
        paths = ["/__version__", "/__heartbeat__", "/__lbheartbeat__", "/"]
        assert [server.get(path).status for path in paths] == [200, 200, 200, 200]
        assert list(server.get("/__heartbeat__").json()["checks"]) == [
            *("check_database_connected", "check_migrations_applied", "check_berths_loaded"),
            "check_disk_space",
        ]
        greeting = server.output.splitlines()[:2]
        assert [line.partition(" ")[0] for line in greeting] == ["Installing", "Serving"]
        server.stop_signal = signal.SIGINT
        server.restart()
        assert rows(server.get("/").body.decode()) == BERTHS
        assert list(server.home.iterdir()) == []
