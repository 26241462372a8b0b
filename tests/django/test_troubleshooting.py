"""The page on troubleshooting: what it says that one sees is what one sees."""

import logging
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from django.core import checks

from dockerflow.django import runner
from tests.support.browser import WIRINGS, wsgi
from tests.support.process import python_path

PAGE = (Path(__file__).parents[2] / "docs" / "troubleshooting.rst").read_text(encoding="utf-8")
OURS = "dockerflow.django.middleware.DockerflowMiddleware"
SECURITY = "django.middleware.security.SecurityMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
TOKEN = {"DOCKERFLOW_HEARTBEAT_TOKEN": "sesame-sesame-sesame"}


def entry(title):
    """What the page says below that line."""
    found = re.search(rf"^{re.escape(title)}\n((?:   .*\n|\n)+)", PAGE, re.MULTILINE)
    return textwrap.dedent(found[1])


def text(entry):
    return " ".join(entry.split())


def check_ids():
    """What ``manage.py check --deploy`` finds about the wiring."""
    registered = checks.registry.registry.deployment_checks
    [version] = [check for check in registered if check.__name__ == "check_version_object"]
    found = [*checks.run_checks(tags=["dockerflow"], databases=[]), *version(app_configs=None)]
    return {message.id for message in found}


@pytest.fixture(autouse=True)
def logged():
    """Somebody takes the records of ``request.summary``."""
    logger, handler = logging.getLogger("request.summary"), logging.NullHandler()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield
    logger.setLevel(logging.NOTSET)
    logger.removeHandler(handler)


@pytest.fixture(autouse=True)
def version_json(settings, tmp_path):
    settings.BASE_DIR = tmp_path
    file = tmp_path / "version.json"
    keys = '"source": "https://example.com/r", "version": "1", "commit": "4e6cdab"'
    file.write_text(f'{{{keys}, "build": "https://ci.example.com/1"}}')
    return file


BEHIND = {"MIDDLEWARE": [SECURITY, COMMON, OURS]}
HTML = "404 with an HTML page"


@pytest.mark.parametrize(
    ("title", "configured", "request_", "ids"),
    [
        ("400", BEHIND, {"host": "10.0.0.7"}, {"dockerflow.W002"}),
        ("400", WIRINGS["URLconf"] | {"MIDDLEWARE": [COMMON]}, {"host": "10.0.0.7"}, set()),
        (
            "301 or 302",
            {**BEHIND, "SECURE_SSL_REDIRECT": True},
            {},
            {"dockerflow.W002", "dockerflow.W005"},
        ),
        ("401", TOKEN, {"path": "/__heartbeat__?details"}, set()),
        (HTML, {"MIDDLEWARE": []}, {}, {"dockerflow.W004"}),
        ("405", {}, {"method": "POST"}, set()),
    ],
)
def test_a_refused_probe_has_the_status_and_the_messages_of_its_entry(
    settings, title, configured, request_, ids
):
    for name, value in configured.items():
        setattr(settings, name, value)
    response = wsgi(**{"path": "/__heartbeat__", **request_})

    assert str(response.status_code) in title.split()
    assert check_ids() == ids
    assert all(f":message:`{message_id}`" in entry(title) for message_id in ids)
    assert response["Content-Type"].startswith("text/html") or title in {"401", "405", "301 or 302"}


@pytest.mark.parametrize(
    ("content", "title", "ids"),
    [
        (None, '404 with ``{"error": "version.json not found"}``', {"dockerflow.W006"}),
        ("{", "500 from ``/__version__``", {"dockerflow.W006"}),
    ],
)
def test_a_version_object_that_is_missing_or_broken(version_json, content, title, ids):
    version_json.write_text(content) if content else version_json.unlink()
    response = wsgi("/__version__")

    assert response.status_code == int(title[:3])
    assert "``{" not in title or f"``{response.content.decode()}``" in title
    assert check_ids() == ids


def test_a_heartbeat_that_cannot_work_says_nothing_more_even_to_the_token(
    settings, monkeypatch, caplog
):
    def broken():
        raise RuntimeError

    settings.DOCKERFLOW_HEARTBEAT_TOKEN = TOKEN["DOCKERFLOW_HEARTBEAT_TOKEN"]
    monkeypatch.setattr(runner, "run", broken)
    bearer = f"Bearer {TOKEN['DOCKERFLOW_HEARTBEAT_TOKEN']}"
    response = wsgi("/__heartbeat__", authorization=bearer)
    shown = text(
        entry(
            "500, or the status of :setting:`DOCKERFLOW_HEARTBEAT_FAILED_STATUS_CODE`,"
            " from ``/__heartbeat__``"
        )
    )

    assert (response.status_code, f"``{response.content.decode()}``" in shown) == (500, True)
    assert [f"``{record.getMessage()}``" in shown for record in caplog.records] == [True]
    assert caplog.records[0].name == "dockerflow.django"


def test_a_draining_process_shows_its_file_and_has_logged_it(settings, tmp_path, caplog):
    file = settings.DOCKERFLOW_DRAIN_FILE = tmp_path / "drain"
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"
    file.touch()
    answer = wsgi("/__heartbeat__").json()
    file.unlink()
    [line] = caplog.messages
    wsgi("/__heartbeat__")

    assert answer == {
        "status": "draining",
        "drain_file": str(file),
        "notice": f"The file {file} exists. No check is run until it is removed.",
    }
    assert line.startswith("Draining:")
    assert "``Draining:``" in entry("``draining``")


def manage(tmp_path, *arguments, settings="", **environment):
    """Run manage.py of a project with these settings besides SQLite in a folder that is missing."""
    (tmp_path / "shop_settings.py").write_text(
        "import dockerflow.logging\nfrom tests.settings import *\n"
        f"LOGGING = dockerflow.logging.config()\n{settings}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "django", *arguments],
        env={
            "PYTHONPATH": f"{tmp_path}:{python_path()}",
            "DJANGO_SETTINGS_MODULE": "shop_settings",
            "DATABASE_URL": f"sqlite:///{tmp_path}/missing/db.sqlite3",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_a_missing_sqlite_file_and_what_migrate_says_of_it(tmp_path):
    title = "``dockerflow.health.E001`` with ``No such file or directory``"
    assert "No such file or directory" in manage(tmp_path, "dockerflow", "heartbeat")
    printed = manage(tmp_path, "migrate", "--skip-checks")
    assert "unable to open database file" in printed
    assert "``unable to open database file``" in text(entry(title))


@pytest.mark.parametrize(
    ("configured", "variables", "title", "printed"),
    [
        (
            'INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes"]',
            {},
            "``Unknown command: 'dockerflow'``",
            "Unknown command: 'dockerflow'",
        ),
        (
            "",
            {"DOCKERFLOW_LOG_LEVEL": "loud"},
            "Connection refused",
            "Invalid Dockerflow settings",
        ),
        ("", {"DOCKERFLOW_QQQQ": "1"}, "A setting has no effect", "Without effect"),
    ],
)
def test_what_the_command_prints_is_in_its_entry(tmp_path, configured, variables, title, printed):
    output = manage(tmp_path, "dockerflow", "settings", settings=configured, **variables)

    assert printed in output
    assert printed in title or f"``{printed}``" in entry(title)


def test_the_command_for_lines_that_come_twice_shows_each_handler(tmp_path):
    shown = entry("Each line is written twice")
    script = textwrap.dedent(re.search(r'--command "\n(.*?)\n +"', shown, re.DOTALL)[1])
    twice = 'LOGGING["loggers"]["request.summary"] = {"handlers": ["stdout"]}'
    printed = manage(tmp_path, "shell", "--command", script, settings=twice)

    assert printed.splitlines()[-2:] == [
        "request.summary NOTSET [<MozlogHandler <stdout> (NOTSET)>]",
        "root INFO [<MozlogHandler <stdout> (NOTSET)>]",
    ]
