"""Where ``python -m dockerflow version`` finds the four keys: in options, in a CI's variables."""

import re
from pathlib import Path

import pytest

from dockerflow.cli.provenance import CIS, collect
from dockerflow.version import problems
from tests.support import command
from tests.support.builds import BUILDS, COMMIT, ENVIRONMENTS, Checkout, version

pytestmark = pytest.mark.once


def test_every_ci_is_tried_here():
    assert set(ENVIRONMENTS) == set(BUILDS) == {ci.name for ci in CIS}


@pytest.mark.parametrize("ci", ENVIRONMENTS)
def test_everything_is_taken_from_the_variables_of_a_ci(tmp_path, ci):
    host = "gitlab.com" if ci == "GitLab CI" else "github.com"
    expected = {
        "source": f"https://{host}/o/r",
        "version": "v1.4.0",
        "commit": COMMIT,
        "build": BUILDS[ci],
    }
    given = ()
    if ci == "Cloud Build":  # names the repository, but not on which host it is
        given = ("--source", "https://github.com/o/r")

    status, found, complaints = version(tmp_path, *given, **ENVIRONMENTS[ci])

    assert (status, found, complaints) == (0, expected, [])
    assert problems(found) == []


def test_taskcluster_github_names_the_repository_in_its_own_way(tmp_path):
    found, (missing,) = collect(
        {},
        {
            "TASKCLUSTER_ROOT_URL": "https://tc.example.com",
            "TASK_ID": "t",
            "GITHUB_HEAD_REPO_URL": "https://github.com/o/r.git",
            "GITHUB_HEAD_REF": "refs/heads/main",
            "GITHUB_HEAD_SHA": COMMIT,
            "PATH": "/nowhere",
        },
        tmp_path,
    )

    assert found == {
        "source": "https://github.com/o/r",
        "commit": COMMIT,
        "build": "https://tc.example.com/tasks/t",
    }
    assert missing == (
        "version is missing: --version was not given; Taskcluster has no version in "
        "VCS_HEAD_REF or GITHUB_HEAD_REF; git is not installed."
    )


def test_options_go_before_the_ci_and_the_ci_before_git(tmp_path):
    checkout = Checkout(tmp_path)
    checkout.git("remote", "add", "origin", "https://example.com/from/git")
    variables = {**ENVIRONMENTS["GitLab CI"], "CI_JOB_URL": ""}
    given = ("--version", "2.0", "--build", "https://example.com/given")

    assert version(checkout.directory, *given, **variables) == (
        0,
        {
            "source": "https://gitlab.com/o/r",
            "version": "2.0",
            "commit": COMMIT,
            "build": "https://example.com/given",
        },
        [],
    )


def test_an_empty_option_is_an_unset_shell_variable_and_only_a_version_may_be_empty(tmp_path):
    empty = ("--source=", "--version=", "--commit=", "--build= ")

    status, found, _ = version(tmp_path, *empty, **ENVIRONMENTS["CircleCI"])

    assert (status, found["version"], found["build"]) == (0, "", BUILDS["CircleCI"])
    assert problems(found) == []


def test_allowed_to_be_missing_a_key_is_left_out_and_reported(tmp_path):
    status, found, complaints = version(
        tmp_path, "--allow-missing", "--version", "1", "--commit", COMMIT
    )

    assert (status, found) == (0, {"version": "1", "commit": COMMIT})
    assert [line.split()[0] for line in complaints] == ["source", "build"]


def test_what_is_left_out_of_the_file_is_said_in_one_line(tmp_path):
    file = tmp_path / "version.json"
    options = ["--allow-missing", "--version", "1", "--commit", COMMIT, "--output", file]
    status, out, err = command.run("version", *options, cwd=tmp_path)

    assert (status, out) == (0, f"Wrote {file} without source, build\n")
    assert [line.partition(": ")[0] for line in err.splitlines()] == [
        "source is left out",
        "build is left out",
    ]


@pytest.mark.parametrize(
    ("option", "value", "complaint"),
    [
        ("--commit", "main", 'commit is "main"'),
        ("--build", "7", 'build is "7", not an http or https URL'),
        ("--source", "/srv/r", 'source is "/srv/r", not an http or https URL'),
        ("--source", "ftp://me:hush@h/r", 'source is "ftp://…@h/r", not an http or https URL'),
    ],
)
def test_a_wrong_option_is_an_error_whatever_may_be_missing(tmp_path, option, value, complaint):
    status, found, complaints = version(
        tmp_path, option, value, "--allow-missing", **ENVIRONMENTS["CircleCI"]
    )

    assert (status, found) == (1, None)
    assert [line.partition(". Expected ")[0] for line in complaints] == [complaint]


def test_the_documentation_names_every_variable_that_is_read():
    page = (Path(__file__).parents[2] / "docs" / "version-object.rst").read_text()
    told = set(re.findall(r"``([A-Z][A-Z0-9_]+)``", page))

    templates = "".join(text for ci in CIS for texts in ci[2:] for text in texts)
    assert told - {"COPY"} == set(re.findall(r"\{(\w+)\}", templates))
