"""The docs and the README say what is so: what they show runs, and what they name is there."""

import ast
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from dockerflow import health
from dockerflow.conf import Conf, conf
from dockerflow.conf.faults import Faults
from dockerflow.django import checks, signals
from tests.support.process import HOST, unused_port
from tests.support.web import python_path

pytestmark = pytest.mark.once

CHECKOUT = Path(__file__).parents[1]
DOCS = CHECKOUT / "docs"
reference = runpy.run_path(str(DOCS / "reference.py"))
generated = [(DOCS / "settings.rst").read_text()]
reference["insert"](None, "settings", generated)

PAGES = {
    "README.rst": (CHECKOUT / "README.rst").read_text(),
    "CHANGELOG.rst": (CHECKOUT / "CHANGELOG.rst").read_text(),
    "signals.py": signals.__doc__,
    **{page.name: page.read_text() for page in sorted(DOCS.glob("*.rst"))},
    "settings.rst": generated[0],
}
EVERYTHING = "\n".join(PAGES.values())
ID = r"\bdockerflow\.(?:health\.)?[A-Z]\d+\b"

# Runs each block alone, as if it stood at the end of a settings module.
RUN = """
import json, pathlib, sys
import django
django.setup()
for place, code in json.load(sys.stdin):
    above = {"BASE_DIR": pathlib.Path(), "INSTALLED_APPS": [], "MIDDLEWARE": []}
    exec(compile(code, place, "exec"), above)
"""
NAME = "DOCKERFLOW_HEARTBEAT_TIMEOUT"


def blocks(page, language):
    """Where each block of a language begins, and its text."""
    pattern = rf"^( *)\.\. code-block:: {language}\n(?:\1 +:.*\n)*\n((?:(?:\1 +.*)?\n)+)"
    found = []
    for match in re.finditer(pattern, PAGES[page], re.MULTILINE):
        line = PAGES[page].count("\n", 0, match.start()) + 1
        found.append((f"{page}:{line}", textwrap.dedent(match[2]).strip()))
    return found


def block(page, language, beginning):
    [text] = [text for _, text in blocks(page, language) if text.startswith(beginning)]
    return text


def leaves_something_out(code):
    return any(isinstance(n, ast.Constant) and n.value is ... for n in ast.walk(ast.parse(code)))


def python(*arguments, stdin="", **environment):
    return subprocess.run(
        [sys.executable, *arguments],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "PYTHONPATH": python_path(),
            **environment,
        },
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def subcommands(*command):
    """What argparse offers in place of a subcommand that does not exist."""
    [choices] = re.findall(r"choose from (.*)\)", python("-m", *command, "nonsense").stderr)
    return set(re.findall(r"\w+", choices))


@pytest.mark.parametrize("page", PAGES)
def test_every_python_block_runs_unless_dots_say_that_it_is_a_part(page):
    complete = [(at, code) for at, code in blocks(page, "python") if not leaves_something_out(code)]
    done = python(
        # A statsd client holds its socket for as long as the process lives.
        *("-W", "error", "-W", "ignore::ResourceWarning"),
        *("-c", RUN),
        stdin=json.dumps(complete),
        SECRET_KEY="a key of the tests",
        DATABASE_URL="sqlite://",
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("page", PAGES)
def test_every_json_block_is_json(page):
    for _, text in blocks(page, "json"):
        json.loads(text)


def test_every_setting_is_named_and_no_other():
    named = set(re.findall(r"\b(?:DOCKERFLOW_[A-Z_]+|BASE_DIR)\b", EVERYTHING))
    assert named == {name for setting in conf for name in setting.names}


def test_every_check_is_explained_and_no_other():
    names = [name for name in checks.__all__ if name.startswith("check_")]
    explained = re.findall(r"^\.\. function:: (check_\w+)$", PAGES["checks.rst"], re.MULTILINE)
    assert sorted(explained) == names


def test_every_message_is_explained_and_no_other():
    # In the order of dockerflow/health.py.
    ids = [value for value in vars(health).values() if re.fullmatch(ID, str(value))]
    assert re.findall(r"^\.\. message:: (.+)$", PAGES["checks.rst"], re.MULTILINE) == ids
    assert set(re.findall(ID, EVERYTHING)) == set(ids)


def test_every_command_is_named_and_no_other():
    for called, command in [
        ("python -m dockerflow", ["dockerflow"]),
        (r"manage\.py dockerflow", ["django", "dockerflow"]),
    ]:
        named = set(re.findall(rf"{called}\s+(\w+)".replace(" ", r"\s+"), EVERYTHING))
        assert named == subcommands(*command)


def test_the_readme_has_five_settings_as_they_are_declared():
    # Another table? ``python docs/reference.py`` prints this one.
    table = reference["table"]()
    assert table.count("   * - ``") == len(reference["README"]) == 5
    assert table in PAGES["README.rst"]


def test_the_error_of_bad_settings_is_the_one_that_is_shown():
    done = python(
        *("-m", "django", "check"),
        DOCKERFLOW_CHECKS="dockerflow.django.checks.check_databse_connected",
        DOCKERFLOW_HEARTBEAT_TIMEOUT="abc",
    )
    assert done.stderr.strip().endswith(block("settings.rst", "text", "django.core.exceptions"))


def test_the_record_about_a_file_that_goes_bad_is_the_one_that_is_shown(caplog):
    problem = Conf.DOCKERFLOW_HEARTBEAT_TTL.problem("ten", "/app/settings.ini", "is not a number")
    Faults().update({"DOCKERFLOW_HEARTBEAT_TTL": problem})
    assert caplog.messages == [block("settings.rst", "text", "DOCKERFLOW_HEARTBEAT_TTL")]


@pytest.mark.parametrize("page", ["README.rst", "endpoints.rst"])
def test_the_heartbeat_that_is_shown_has_the_form_of_a_real_one(page):
    url = f"postgres://shop:secret@{HOST}:{unused_port()}/shop"
    done = python("-m", "django", "dockerflow", "heartbeat", "--json", DATABASE_URL=url)
    shown = block(page, "json", '{\n  "status": "error"')
    assert form(json.loads(done.stdout)) == form(json.loads(shown))


def test_the_command_prints_what_the_readme_shows():
    command = "$ python manage.py dockerflow heartbeat\n"
    shown = block("README.rst", "console", command).removeprefix(command)
    port = unused_port()
    url = f"postgres://shop:secret@{HOST}:{port}/shop"
    done = python("-m", "django", "dockerflow", "heartbeat", DATABASE_URL=url)

    assert done.returncode == 1
    printed = (done.stdout + done.stderr).replace(HOST, "10.0.0.5").replace(f" {port} ", " 5432 ")
    assert words(printed) == words(shown)


def words(output):
    """Without the lengths of blanks and the milliseconds, which differ."""
    return re.sub(r"[\d.]+ ms", "... ms", output).split()


def form(heartbeat):
    for check in heartbeat["details"].values():
        check["messages"] = list(check["messages"])
        check["duration_ms"] = type(check["duration_ms"])
    return heartbeat


@pytest.fixture
def project(tmp_path):
    """A folder with a ``.env`` and an empty package ``shop``."""
    (tmp_path / "shop").mkdir()
    (tmp_path / ".env").write_text(f"{NAME}=2\n")
    return tmp_path


def settings(project, example, runner="django", **environment):
    """What the project with these settings makes of the names: name -> (value, source)."""
    shutil.copy(DOCS / "settings" / example, project / "shop" / "settings.py")
    done = python(
        *("-m", runner, "dockerflow", "settings", "--json"),
        **{
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "PYTHONPATH": f"{project}{os.pathsep}{python_path()}",
            "SECRET_KEY": "a key of the tests",
            **environment,
        },
    )
    assert done.returncode == 0, done.stderr
    return {name: (s["value"], s["source"]) for name, s in json.loads(done.stdout).items()}


@pytest.mark.parametrize("example", ["with_os.py", "with_decouple.py"])
def test_a_project_that_loads_no_file_leaves_it_to_dockerflow(project, example):
    found = settings(project, example)
    assert found["BASE_DIR"] == (str(project), "Django setting")
    assert found[NAME] == (2.0, f"{project}/.env")


@pytest.mark.parametrize(
    ("example", "options"),
    [
        ("with_environ.py", {}),
        (
            "with_configurations.py",
            {"runner": "configurations", "DJANGO_CONFIGURATION": "Development"},
        ),
    ],
)
def test_a_project_that_loads_the_file_puts_it_into_the_environment(project, example, options):
    found = settings(project, example, **options)
    assert found["BASE_DIR"] == (str(project), "Django setting")
    assert found[NAME] == (2.0, "environment")


@pytest.mark.parametrize(
    ("example", "options"),
    [
        ("with_os.py", {}),
        ("with_decouple.py", {}),
        ("with_environ.py", {}),
        (
            "with_configurations.py",
            {"runner": "configurations", "DJANGO_CONFIGURATION": "Production"},
        ),
    ],
)
def test_the_environment_comes_before_the_file(project, example, options):
    found = settings(project, example, **options, **{NAME: "3"})
    assert found[NAME] == (3.0, "environment")
