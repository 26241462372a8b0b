"""What is supported is what CI runs, here and at GitHub, and what the documentation names."""

import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.once

CHECKOUT = Path(__file__).parents[1]
CLASSIFIERS = (CHECKOUT / "setup.py").read_text()
PYTHONS = re.findall(r"Python :: (3\.\d+)", CLASSIFIERS)
DJANGOS = re.findall(r"Django :: (\d\.\d)", CLASSIFIERS)
WORKFLOW = CHECKOUT / ".github/workflows/ci.yml"
ENVIRONMENT = re.compile(r"\bpy(3)(\d+)-django(\d)(\d)(?:-(\w+))?")


@pytest.fixture
def workflow():
    return yaml.safe_load(WORKFLOW.read_text())


def environments(text):
    """The environments of tox that a text names: (Python, Django, factor)."""
    return {
        (f"{match[1]}.{match[2]}", f"{match[3]}.{match[4]}", match[5])
        for match in ENVIRONMENT.finditer(text)
    }


def test_github_accepts_its_workflow():
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    done = subprocess.run(
        [*command, "vendor.github-workflows", WORKFLOW],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "ok -- validation done\n")


def test_ci_runs_every_python_and_django_and_the_whole_suite_once():
    run = environments((CHECKOUT / ".ci/run").read_text())

    assert sorted({python for python, _, _ in run}) == PYTHONS
    assert sorted({django for _, django, _ in run}) == DJANGOS
    assert [factor for *_, factor in run if factor != "quick"] == ["coverage"]


def test_contributors_need_no_other_python_than_one_that_is_supported():
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(CHECKOUT / "tox.ini")
    bases = {
        name: set(re.findall(r"\bpy3\d+", section["base_python"]))
        for name, section in tox.items()
        if "base_python" in section
    }
    supported = {"py" + python.replace(".", "") for python in PYTHONS}

    bench = supported - {"py315"}  # for which the other packages cannot be installed
    others = dict.fromkeys(["dev", "types", "docs", "chaos"], supported)
    assert bases == {f"testenv:{name}": found for name, found in {**others, "bench": bench}.items()}


def test_github_runs_what_ci_runs_each_on_its_python(workflow):
    rows = workflow["jobs"]["tests"]["strategy"]["matrix"]["include"]
    static = workflow["jobs"]["static"]["strategy"]["matrix"]["env"]
    script = (CHECKOUT / ".ci/run").read_text()

    assert environments(" ".join(row["env"] for row in rows)) == environments(script)
    assert [row["python"] for row in rows] == [
        python for row in rows for python, *_ in environments(row["env"])
    ]
    assert ",".join(static) in script


def test_github_installs_what_ci_installs(workflow):
    steps = workflow["jobs"]["tests"]["steps"]
    [command] = [step["run"] for step in steps if "apt-get install" in step.get("run", "")]
    script = (CHECKOUT / ".ci/run").read_text().replace("\\\n", "")
    [installed] = re.findall(r"--no-install-recommends\s+(.*?)\s+\$others", script)
    there = {"chromium", "debootstrap", "patchelf", "python3-venv"}  # or not needed there

    assert set(command.split()[6:]) == set(installed.split()) - there


@pytest.mark.parametrize("page", ["README.rst", "docs/installation.rst", "CHANGELOG.rst"])
def test_the_documentation_names_the_versions_that_are_supported(page):
    text = " ".join((CHECKOUT / page).read_text().split())
    *others, newest = DJANGOS

    assert f"Python {PYTHONS[0]} to {PYTHONS[-1]}" in text
    assert re.search(rf"Django {re.escape(', '.join(others))} (and|or) {newest}\b", text)


def test_the_commit_hook_runs_the_linter_of_ci():
    hooks = yaml.safe_load((CHECKOUT / ".pre-commit-config.yaml").read_text())["repos"]
    [version] = re.findall(r"^deps = ruff==(.*)$", (CHECKOUT / "tox.ini").read_text(), re.MULTILINE)

    assert [hook["rev"] for hook in hooks if "ruff" in hook["repo"]] == [f"v{version}"]
