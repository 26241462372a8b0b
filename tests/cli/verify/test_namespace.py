"""``python -m dockerflow verify --command``: the application is process 1 where that is allowed."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

import dockerflow
from tests.conftest import available
from tests.support import container_app
from tests.support.command import ENVIRONMENT, INTERRUPTIBLE, arguments
from tests.support.process import find_program
from tests.support.verification import (
    command,
    failures,
    left_in,
    new_mark,
    outcomes_and_findings,
    running,
    verify,
)

pytestmark = pytest.mark.once

NOBODY = 65534
UNKNOWN = (
    "SIGTERM ended it, and whether it ends process 1 of a container too can't be seen: a PID "
    "namespace is not allowed here (unshare: Operation not permitted)"
)
# as the first process writes it down before it becomes the application
RECORD = "echo $$ > pid; readlink /proc/self/ns/pid > namespace; ls /proc > seen; exec "


def recording(*words):
    return shlex.join(["sh", "-c", RECORD + command(*words)])


@pytest.fixture
def shared():
    """A directory with the application and the package that anybody may read and write."""
    folder = Path(tempfile.mkdtemp(prefix="verify-"))
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(dockerflow.__file__).parent, folder / "dockerflow", ignore=ignore)
    shutil.copy(container_app.__file__, folder / "app.py")
    os.chmod(folder, 0o777)  # noqa: PTH101 (of a folder that mkdtemp made private)
    yield folder
    shutil.rmtree(folder)


def reachable_python():
    """Return a Python that users without any rights may run."""
    own = Path(sys.executable).resolve()
    if all(folder.stat().st_mode & 0o001 for folder in own.parents):
        return own
    return find_program("python3", folders=[Path("/usr/bin")], hint="apt-get install python3")


def test_the_command_is_process_1_and_sees_its_own_processes(app):
    status, outcomes, _ = verify(app, "--command", recording(""))

    assert (status, failures(outcomes)) == (0, [])
    assert (app / "pid").read_text() == "1\n"
    seen = [int(name) for name in (app / "seen").read_text().split() if name.isdigit()]
    assert seen[0] == 1
    assert len(seen) == 2


@pytest.mark.parametrize("flaw", ["", "crashes", "ignores SIGTERM", "dies", "leaves a daemon"])
def test_no_namespace_is_left_behind(app, flaw):
    mark = new_mark()
    verify(app, "--command", recording(flaw, "x"), MARK=mark)

    namespace = (app / "namespace").read_text().strip()
    assert namespace != os.readlink("/proc/self/ns/pid")  # noqa: PTH115
    assert left_in(namespace, mark) == []


def test_no_namespace_is_left_behind_by_ctrl_c(app):
    mark = new_mark()
    with subprocess.Popen(
        arguments("verify", "--command", recording("hangs")),
        cwd=app,
        env={**INTERRUPTIBLE, "MARK": mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        while not (app / "seen").exists() and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)

    assert (process.returncode, out, err) == (130, b"", b"interrupted; nothing is left running\n")
    assert left_in((app / "namespace").read_text().strip(), mark) == []


def test_without_any_rights_the_command_is_process_1_too(shared):
    mark = new_mark()
    (shared / "version.json").write_text(json.dumps(container_app.VERSION))
    python = available(reachable_python)
    words = shlex.join(["sh", "-c", f"id -u > user; {RECORD} {python} app.py"])

    done = subprocess.run(
        [python, "-m", "dockerflow", "verify", "--json", "--command", words],
        cwd=shared,
        env={"PATH": os.environ["PATH"], "MARK": mark},
        user=NOBODY if os.geteuid() == 0 else None,
        group=NOBODY if os.geteuid() == 0 else None,
        extra_groups=[] if os.geteuid() == 0 else None,
        capture_output=True,
        text=True,
        check=False,
    )

    outcomes, _ = outcomes_and_findings(done.stdout)
    assert (done.returncode, failures(outcomes)) == (0, [])
    assert (shared / "pid").read_text() == "1\n"
    expected = NOBODY if os.geteuid() == 0 else os.geteuid()
    assert (shared / "user").read_text() == f"{expected}\n"
    assert left_in((shared / "namespace").read_text().strip(), mark) == []


@pytest.mark.parametrize(
    ("way", "outcome", "what"),
    [
        ("", "passed", "it ended 0."),
        ("waits for SIGTERM", "passed", "it ended 0."),
        (
            "no handler",
            "failed",
            "SIGTERM ended it: it has no handler for it, so that process 1 of a container ignores",
        ),
        ("ignores SIGTERM", "failed", "it was still running 2 s after SIGTERM"),
        ("raises SIGTERM again", "not checked", UNKNOWN),
        ("raises SIGTERM again and ends", "not checked", UNKNOWN),
        ("leaves a daemon", "passed", "it ended 0."),
    ],
)
def test_where_no_namespace_is_allowed_what_it_would_show_is_not_checked(app, way, outcome, what):
    setpriv = available(lambda: find_program("setpriv", hint="apt-get install util-linux"))
    mark = new_mark()
    words = ["verify", "--json", "--stop-timeout", "2", "--command", command(way, mark)]

    done = subprocess.run(
        [setpriv, "--bounding-set", "-sys_admin", *arguments(*words)],
        cwd=app,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )

    outcomes, found = outcomes_and_findings(done.stdout)
    assert (outcomes["stop"], found["stop"][: len(what)]) == (outcome, what)
    assert set(failures(outcomes)) <= {"stop"}
    assert running(mark) == []
