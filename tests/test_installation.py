"""A new project by the documentation alone: the commands of the page, in an empty folder."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dockerflow
from tests.support.process import unused_port
from tests.support.walkthrough import COMMAND, Shell, blocks

pytestmark = pytest.mark.once

CHECKOUT = Path(__file__).parents[1]


@pytest.fixture
def folder(tmp_path):
    """An empty folder, beside a clone of the repository."""
    unneeded = [".*", "__pycache__", "_build", "build", "*.egg-info"]
    ignore = shutil.ignore_patterns(*unneeded)
    shutil.copytree(CHECKOUT, tmp_path / "dockerflow", ignore=ignore)
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def test_the_page_leads_from_an_empty_folder_to_a_heartbeat_that_passes(folder):
    port = unused_port()
    page = (CHECKOUT / "docs" / "installation.rst").read_text(encoding="utf-8")
    page = page.replace("localhost:8000", f"localhost:{port}")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DJ"))
    }
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"

    commands = [command for step in blocks(page) for command in COMMAND.findall(step.text)]
    assert len(commands) == page.count("   $ ") > 0

    with Shell(folder, environment, port) as shell:
        for step in blocks(page):
            shell.follow(step)
    # CI does this with Python 3.14, for which pip finds Django 6.1 or later.
    python, django = versions(folder / ".venv")
    assert python == list(sys.version_info[:2])
    assert django >= ([5, 2] if sys.version_info < (3, 12) else [6, 1])


def versions(environment):
    """The versions of Python and Django there."""
    script = (
        "import json, sys, django as d; print(json.dumps([sys.version_info[:2], d.VERSION[:2]]))"
    )
    command = [environment / "bin" / "python", "-c", script]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize("page", ["container.rst"])
def test_the_pages_name_the_wheel_of_this_version(page):
    text = (CHECKOUT / "docs" / page).read_text(encoding="utf-8")

    assert f"./wheels/dockerflow-{dockerflow.__version__}-py3-none-any.whl\n" in text
