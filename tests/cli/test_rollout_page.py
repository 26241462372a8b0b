"""docs/rollout.rst: its rolling change behind a real load balancer, and its files for a CI."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from tests.support.process import HOST, Missing, find_program, home, python_path, unused_port
from tests.support.waiting import settle
from tests.support.walkthrough import COMMAND, blocks, write

pytestmark = pytest.mark.once

PAGE = (Path(__file__).parents[2] / "docs" / "rollout.rst").read_text()
FILES = {"shop.py", "haproxy.cfg", "start.sh", "replace.sh"}


class Walk:
    """The page's section "Try it" in a folder, on other ports; what it starts ends with it."""

    def __init__(self, folder):
        self.folder = folder
        self.ports = {str(port): str(unused_port()) for port in range(8000, 8005)}
        page = PAGE[PAGE.index("Try it\n") :]
        for port, own in self.ports.items():
            page = page.replace(port, own)
        self.commands = []
        for block in blocks(page):
            if block.caption:
                write(folder, block)
            else:
                self.commands += COMMAND.findall(block.text)
        programs = [Path(sys.executable).parent, haproxy().parent, os.environ["PATH"]]
        self.environment = {
            **home(folder),
            "PATH": os.pathsep.join(map(str, programs)),
            "PYTHONPATH": os.pathsep.join([python_path(), str(folder)]),
        }

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for path in self.folder.glob("*.pid"):
            with contextlib.suppress(OSError, ValueError):
                os.kill(int(path.read_text()), signal.SIGTERM)

    def run(self, command):
        """Run a command of the page; return what it printed."""
        with (self.folder / "output.log").open("w+") as output:
            subprocess.run(
                ["bash", "-ec", command],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=True,
                timeout=120,
            )
            output.seek(0)
            return output.read()

    def commits(self):
        """Return the commit that each process answers; one that is just starting gives none."""
        found = []
        for port in list(self.ports.values())[1:]:
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(f"http://{HOST}:{port}/__version__", timeout=5) as answer,
            ):
                found.append(json.load(answer)["commit"])
        return found


def haproxy():
    try:
        return find_program("haproxy", hint="apt-get install haproxy")
    except Missing as missing:
        pytest.skip(str(missing))


def test_the_rolling_change_ends_when_the_last_old_process_is_gone(tmp_path):
    with Walk(tmp_path) as walk:
        *before, (rollout, shown), (end, _) = walk.commands
        for command, _ in before:
            walk.run(command)

        printed = walk.run(rollout)

        assert set(walk.commits()) == {"2222222"}
        first, _, last = shown.splitlines()
        assert first in printed.splitlines()
        assert printed.splitlines()[-1] == last
        settle(lambda: walk.commits() == 4 * ["2222222"])
        walk.run(end)


def test_the_files_of_the_walk_are_on_the_page():
    assert {block.caption for block in blocks(PAGE)} >= FILES


@pytest.mark.parametrize(
    ("caption", "schema"),
    [("GitHub Actions", "vendor.github-workflows"), ("GitLab CI", "vendor.gitlab-ci")],
)
def test_a_ci_accepts_its_file(tmp_path, caption, schema):
    path = tmp_path / "ci.yml"
    path.write_text(dict(blocks(PAGE))[caption])
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, path],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "ok -- validation done\n")


def test_kubernetes_accepts_the_job_of_the_helm_hook():
    text = dict(blocks(PAGE))["templates/rollout.yaml"].replace("{{ .Release.Name }}", "shop")

    kubernetes_validate.validate(
        yaml.safe_load(text), kubernetes_validate.latest_version(), strict=True
    )
