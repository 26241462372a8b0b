"""``python -m dockerflow verify``: the report, as text and as JSON, and wrong usage."""

import json
import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from dockerflow.cli.verify.specification import REQUIREMENTS
from tests.support import container_app
from tests.support.command import ENVIRONMENT, arguments, run

pytestmark = pytest.mark.once

DOCKERFILE = """\
FROM python:3.13-slim
RUN useradd --uid 10001 app
WORKDIR /app
COPY . .
ENTRYPOINT ["python", "-m"]
CMD gunicorn shop.wsgi
"""

REPORT = """
The application
  not checked  environment          Configured by environment variables: which settings there are
                                    can't be seen from outside, $PORT excepted

The Dockerfile
  passed       app-directory        Sources in /app: COPY to /app
  passed       app-group            A group app, 10001: app has the id 10001
  passed       app-user             A user app, 10001, in that group: app has the id 10001 and is in
                                    the group app
  passed       entrypoint-cmd       ENTRYPOINT and CMD: both are there
  failed       user                 Runs as app
               found  there is no USER: it is that of the image python:3.13-slim, root as a rule
               spec   Have a USER app instruction to set the default user.
               fix    USER app as the last USER of the last stage (or USER 10001, which Kubernetes
                      can verify).

Recommended
  passed       optimized            Layers in the order of change: nothing is first installed after
                                    all sources were copied
  failed       port-8000            Port 8000
               found  there is neither ENV PORT nor EXPOSE
               spec   Listen on port 8000.
               fix    ENV PORT=8000 and EXPOSE 8000
  failed       exec-form            ENTRYPOINT and CMD in exec form
               found  CMD gunicorn shop.wsgi
               spec   Docker: the shell form runs "/bin/sh -c", which does not pass signals on.
               fix    Write them as JSON arrays: CMD ["-m", "gunicorn", "shop.wsgi"]

Not checked: needs --command
  port, version-file, logs, log-files, stop, one-process, mozlog

Not checked: needs a URL or --command
  version, version-keys, heartbeat, lbheartbeat, static, lbheartbeat-backing

Not checked: needs --backing
  heartbeat-backing, heartbeat-silent, stays-up, recovers

This does not conform: 4 passed, 1 failed, 16 not checked; 2 of the recommendations not followed.
"""


@pytest.fixture
def dockerfile(tmp_path):
    path = tmp_path / "Dockerfile"
    path.write_text(DOCKERFILE)
    return path


def verify_on_terminal(*words, **variables):
    """Return what stands on a terminal of 80 columns afterwards."""
    leader, follower = pty.openpty()
    with subprocess.Popen(
        arguments("verify", *words),
        env={**ENVIRONMENT, "COLUMNS": "80", **variables},
        stdout=follower,
    ) as process:
        os.close(follower)
        shown = b""
        try:
            while block := os.read(leader, 65536):
                shown += block
        except OSError:  # how Linux ends a terminal that nobody writes to any more
            pass
        os.close(leader)
    assert process.returncode == 1
    return shown.decode().replace("\r\n", "\n")


def test_the_report_has_every_requirement_and_how_to_fix_what_failed(dockerfile):
    assert run("verify", "--dockerfile", dockerfile) == (1, REPORT, "")


def test_the_report_as_json_has_the_same_lines(dockerfile):
    status, out, err = run("verify", "--json", "--dockerfile", dockerfile)

    report = json.loads(out)
    assert (status, err, report["conforms"]) == (1, "", False)
    assert [line["name"] for line in report["lines"]] == [line.name for line in REQUIREMENTS]
    assert report["lines"][20] == {
        "name": "user",
        "required": True,
        "outcome": "failed",
        "found": "there is no USER: it is that of the image python:3.13-slim, root as a rule",
        "specification": "Have a USER app instruction to set the default user.",
        "fix": (
            "USER app as the last USER of the last stage (or USER 10001, which Kubernetes can "
            "verify)."
        ),
    }


def test_a_terminal_has_colours_and_its_own_width(dockerfile):
    shown = verify_on_terminal("--dockerfile", dockerfile)

    assert "  \x1b[1;31mfailed     \x1b[0m  user                 Runs as app\n" in shown
    assert "  \x1b[32mpassed     \x1b[0m  entrypoint-cmd       ENTRYPOINT and CMD: both" in shown
    assert "  \x1b[2mnot checked\x1b[0m  environment          Configured by envi" in shown
    plain = shown.replace("\x1b[1;31m", "").replace("\x1b[32m", "").replace("\x1b[2m", "")
    assert max(map(len, plain.replace("\x1b[0m", "").splitlines()[:-1])) <= 80


def test_no_color_is_obeyed(dockerfile):
    assert "\x1b" not in verify_on_terminal("--dockerfile", dockerfile, NO_COLOR="1")


def test_a_command_and_a_dockerfile_make_one_report(tmp_path, dockerfile):
    (tmp_path / "version.json").write_text(json.dumps(container_app.VERSION))
    line = shlex.join([sys.executable, container_app.__file__])

    status, out, _ = run("verify", "--command", line, "--dockerfile", dockerfile.name, cwd=tmp_path)

    assert status == 1
    assert out.endswith(
        "\nThis does not conform: 15 passed, 1 failed, 5 not checked; 2 of the recommendations not "
        "followed.\n"
    )


def test_what_a_dockerfile_says_does_nothing_to_the_terminal(tmp_path):
    path = tmp_path / "Dockerfile"
    path.write_text("FROM a\nUSER \x1b[31mroot\x9b2J\u202e\nCMD \x1b]0;owned\x07 x\n")

    status, out, _ = run("verify", "--dockerfile", path)

    assert (status, out.replace("\n", "").isprintable()) == (1, True)
    assert "the last USER is [31mroot 2J\n" in out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "nothing to verify: give a URL, --command or --dockerfile"),
        (["http://h", "--command", "x"], "a URL and --command don't go together"),
        (["localhost"], "'localhost' is not an http or https URL; write http://localhost"),
        (["--command", " "], "--command is empty: is the variable set?"),
        (
            ["http://h", "--dockerfile", ""],
            "argument --dockerfile: it is empty: is the variable set?",
        ),
        (["--command", "'"], "--command cannot be split into words: No closing quotation"),
        (
            ["http://h/?x=1"],
            (
                "'http://h/?x=1' has a query or a fragment; give the address below which"
                " /__version__ is"
            ),
        ),
        (["--dockerfile", "/no"], "/no cannot be read: No such file or directory"),
        (
            ["http://h", "--stop-timeout", "-1"],
            "argument --stop-timeout: '-1' is not a number of seconds from above 0 to 86400",
        ),
    ],
)
def test_what_can_not_be_verified_is_wrong_usage(words, complaint):
    status, out, err = run("verify", *words)

    assert (status, out) == (2, "")
    assert err.splitlines()[-1] == f"python -m dockerflow verify: error: {complaint}"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--command", ""], "--command is empty: is the variable set?"),
        ([""], "the URL is empty"),
    ],
)
def test_an_empty_option_is_not_passed_over_for_the_dockerfile(dockerfile, words, complaint):
    status, out, err = run("verify", "--dockerfile", dockerfile, *words)

    assert (status, out) == (2, "")
    assert err.splitlines()[-1] == f"python -m dockerflow verify: error: {complaint}"


def test_without_the_extra_it_says_what_to_install(dockerfile, tmp_path):
    (tmp_path / "e2b_dockerfile_utils.py").write_text("raise ImportError")
    path = f"{tmp_path}{os.pathsep}{ENVIRONMENT['PYTHONPATH']}"

    status, out, err = run("verify", "--dockerfile", dockerfile, PYTHONPATH=path)

    assert (status, out) == (2, "")
    assert err.splitlines()[-1] == (
        "python -m dockerflow verify: error: --dockerfile needs the extra verify:"
        " pip install e2b-dockerfile-utils shfmt-py"
    )


def test_the_documentation_has_every_line_of_the_report():
    page = (Path(__file__).parents[3] / "docs" / "verify.rst").read_text()

    assert re.findall(r"^   \* - ``([a-z0-9-]+)``", page, re.MULTILINE) == [
        line.name for line in REQUIREMENTS
    ]
