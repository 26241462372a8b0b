"""The tests' own servers start, stop, freeze and thaw for real, and leave nothing behind."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path

import psutil
import psycopg
import pymysql
import pytest
import redis

from tests.support import process
from tests.support.process import HOST, Failed, Process, python_path
from tests.support.services import MariaDB, PostgreSQL, Redis
from tests.support.web import Chromium, Server

pytestmark = pytest.mark.once

HELLO = "wsgiref.simple_server:demo_app"


# The watchdog, for which each process that it is told of ends at once and leaves its number to
# another: psutil takes the time of the start for what a process is known by.
REUSED = """
import sys, psutil
from tests.support import watchdog
times = iter(range(1000))
psutil.Process.create_time = lambda self: next(times)
psutil.Process._get_ident = lambda self: (self.pid, next(times))
watchdog.main(sys.argv[1])
"""


class Deaf(Process):
    """Listens on its port, and not to SIGTERM."""

    def command(self) -> list[str]:
        program = f"""
import signal, socket, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
server = socket.create_server(("127.0.0.1", {self.port}))
time.sleep(600)
"""
        return [sys.executable, "-c", program]


class Idle(Process):
    """Does not listen on its port."""

    def command(self) -> list[str]:
        return [
            sys.executable,
            "-c",
            "import time; print('still here', flush=True); time.sleep(600)",
        ]


def test_postgresql_answers_on_the_same_port_after_a_restart(postgresql: PostgreSQL) -> None:
    before = postgresql.url
    postgresql.restart()
    assert (postgresql.url, postgresql.execute("SELECT 1 + %s", 1)) == (before, [(2,)])


def test_postgresql_counts_its_clients_by_name(postgresql: PostgreSQL) -> None:
    with psycopg.connect(postgresql.url, application_name="named"):
        assert (postgresql.connections("named"), postgresql.connections("other")) == (1, 0)


def test_an_emptied_postgresql_is_as_good_as_new(postgresql: PostgreSQL) -> None:
    postgresql.execute("CREATE DATABASE other")
    postgresql.execute("CREATE TABLE here (number int)")
    postgresql.empty()
    databases = postgresql.execute("SELECT datname FROM pg_database WHERE NOT datistemplate")
    assert (databases, postgresql.execute("SELECT to_regclass('here')")) == (
        [("postgres",)],
        [(None,)],
    )


def test_a_client_inside_a_transaction_does_not_keep_postgresql_from_being_emptied(
    postgresql: PostgreSQL,
) -> None:
    postgresql.execute("CREATE TABLE here (number int)")
    with closing(psycopg.connect(postgresql.url)) as connection:
        connection.execute("SELECT * FROM here")
        postgresql.empty()
    assert postgresql.execute("SELECT to_regclass('here')") == [(None,)]


def test_a_client_inside_a_transaction_does_not_keep_mariadb_from_being_emptied(
    mariadb: MariaDB,
) -> None:
    mariadb.execute("CREATE TABLE django.here (number int)")
    with closing(
        pymysql.connect(host=HOST, port=mariadb.port, user="root", database="django")
    ) as connection:
        connection.cursor().execute("SELECT * FROM here")
        mariadb.empty()
    assert mariadb.execute("SHOW TABLES IN django") == []


def test_a_frozen_postgresql_hangs_open_and_new_connections_until_it_thaws(
    postgresql: PostgreSQL,
) -> None:
    with psycopg.connect(postgresql.url, autocommit=True) as connection:
        postgresql.freeze()
        connection.pgconn.send_query(b"SELECT 1")
        with pytest.raises(psycopg.errors.ConnectionTimeout):
            psycopg.connect(postgresql.url, connect_timeout=2)
        connection.pgconn.consume_input()
        assert connection.pgconn.is_busy()
        postgresql.thaw()
        answer, end = connection.pgconn.get_result(), connection.pgconn.get_result()
        assert (answer.get_value(0, 0), end) == (b"1", None)


def test_a_stopped_postgresql_refuses_connections(postgresql: PostgreSQL) -> None:
    postgresql.stop()
    with pytest.raises(psycopg.OperationalError, match="refused"):
        postgresql.execute("SELECT 1")


def test_redis_can_ask_for_a_password() -> None:
    with Redis(password="secret") as server, redis.Redis.from_url(server.url) as client:
        assert client.ping()
        with (
            redis.Redis(port=server.port, retry=None) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.ping()


def test_a_frozen_redis_hangs_until_it_thaws(redis_server: Redis) -> None:
    with redis.Redis.from_url(redis_server.url, socket_timeout=0.5, retry=None) as client:
        redis_server.freeze()
        with pytest.raises(redis.TimeoutError):
            client.ping()
        redis_server.thaw()
        assert client.ping()


def test_a_redis_that_was_killed_is_revived_on_the_same_port() -> None:
    with Redis() as server, redis.Redis.from_url(server.url, retry=None) as client:
        os.kill(server.pid, signal.SIGKILL)
        os.waitid(os.P_PID, server.pid, os.WEXITED | os.WNOWAIT)
        server.revive()
        assert client.ping()


def test_mariadb_keeps_its_data_over_a_restart_until_emptied(mariadb: MariaDB) -> None:
    mariadb.execute("CREATE TABLE django.kept (number int)")
    mariadb.restart()
    assert mariadb.execute("SHOW TABLES FROM django") == [("kept",)]
    mariadb.empty()
    assert mariadb.execute("SHOW TABLES FROM django") == []


def test_a_server_answers_on_its_port_and_stops_when_told() -> None:
    command = ["gunicorn", "--bind", "127.0.0.1:{port}", HELLO]
    with Server(*command, GUNICORN_CMD_ARGS="--threads=2") as server:
        answer = server.get("/path", headers={"Accept": "everything"})
        first, *environ = answer.body.decode().splitlines()
        assert (answer.status, answer.headers.get_content_type()) == (200, "text/plain")
        assert (first, len(server.workers())) == ("Hello world!", 1)
        assert set(environ) >= {
            "HTTP_ACCEPT = 'everything'",
            "PATH_INFO = '/path'",
            "wsgi.multithread = True",
        }
        server.stop()
        with pytest.raises(ConnectionRefusedError):
            server.get("/")


def test_a_server_imports_what_the_tests_import() -> None:
    with Server("http.server", "{port}", "--bind", "127.0.0.1") as server:
        program = "import dockerflow; print(dockerflow.__file__)"
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=server.folder,
            env=server.environment(),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    assert done.stdout.strip() == sys.modules["dockerflow"].__file__


def test_a_server_that_does_not_come_up_says_why() -> None:
    with pytest.raises(Failed, match="No module named 'no'"), ExitStack() as stack:
        stack.enter_context(Server("gunicorn", "no.such:application"))


def test_a_process_that_does_not_stop_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "STOP_TIMEOUT", 0.2)
    with Deaf() as deaf:
        survivor = psutil.Process(deaf.pid)
        with pytest.raises(Failed, match=r"still there after 0\.2 s"):
            deaf.stop()
    assert not survivor.is_running()


def test_a_process_that_is_never_ready_says_what_it_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "START_TIMEOUT", 2)
    with pytest.raises(Failed, match=r"not ready within 2 s:\nstill here"), ExitStack() as stack:
        stack.enter_context(Idle())


def test_a_command_that_fails_says_what_it_printed(redis_server: Redis) -> None:
    with pytest.raises(Failed, match=r"sh exited with 3:\nno"):
        redis_server.run("sh", "-c", "echo no; exit 3")


def test_chromium_shows_a_page_as_html_and_as_a_picture(chromium: Chromium, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<p id=p></p><script>p.textContent = 6 * 7</script>")
    chromium.screenshot(page.as_uri(), tmp_path / "page.png")
    assert '<p id="p">42</p>' in chromium.dump_dom(page.as_uri())
    assert (tmp_path / "page.png").read_bytes()[:4] == b"\x89PNG"


def test_a_process_that_has_the_number_of_one_that_ended_is_left_alone(tmp_path: Path) -> None:
    idle = [sys.executable, "-c", "import time; time.sleep(600)"]
    watchdog = subprocess.Popen(
        [sys.executable, "-c", REUSED, tmp_path / "folder"],
        env={"PYTHONPATH": python_path()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with subprocess.Popen(idle, start_new_session=True) as other:
        watchdog.communicate(f"{other.pid}\n")
        survived = other.poll() is None
        other.kill()
    assert (watchdog.returncode, survived) == (0, True)


def test_nothing_is_left_of_a_run_that_is_killed() -> None:
    program = """
from tests.support.services import PostgreSQL
postgresql = PostgreSQL()
postgresql.start()
postgresql.freeze()
print(postgresql.folder, postgresql.pid, flush=True)
input()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": python_path()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        folder, pid = run.stdout.readline().split()
        postgres = psutil.Process(int(pid))
        family = [postgres, *postgres.children(recursive=True)]
        run.send_signal(signal.SIGKILL)
    psutil.wait_procs(family, timeout=30)
    deadline = time.monotonic() + 30
    while Path(folder).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [process for process in family if process.is_running()] == []
    assert not Path(folder).exists()
