"""Where ``python -m dockerflow version`` finds the four keys."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from dockerflow.provenance import CIS, collect, repository_url
from dockerflow.version import problems
from tests.command import run

COMMIT = "4e6cdab6ed30dd5e80dd3bcdcb2fdb3ac2b7ac11"

# What each CI really sets in a job that builds the tag v1.4.0.
ENVIRONMENTS = {
    "GitHub Actions": {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_REF": "refs/tags/v1.4.0",
        "GITHUB_REF_NAME": "v1.4.0",
        "GITHUB_REF_TYPE": "tag",
        "GITHUB_SHA": COMMIT,
        "GITHUB_RUN_ID": "1658821493",
    },
    "GitLab CI": {
        "CI": "true",
        "GITLAB_CI": "true",
        "CI_PROJECT_URL": "https://gitlab.com/o/r",
        "CI_REPOSITORY_URL": "https://gitlab-ci-token:hush@gitlab.com/o/r.git",
        "CI_COMMIT_TAG": "v1.4.0",
        "CI_COMMIT_REF_NAME": "v1.4.0",
        "CI_COMMIT_SHA": COMMIT,
        "CI_JOB_URL": "https://gitlab.com/o/r/-/jobs/50",
    },
    "CircleCI": {
        "CI": "true",
        "CIRCLECI": "true",
        "CIRCLE_REPOSITORY_URL": "git@github.com:o/r.git",
        "CIRCLE_TAG": "v1.4.0",
        "CIRCLE_SHA1": COMMIT,
        "CIRCLE_BUILD_URL": "https://circleci.com/gh/o/r/7",
    },
    "Buildkite": {
        "CI": "true",
        "BUILDKITE": "true",
        "BUILDKITE_REPO": "git@github.com:o/r.git",
        "BUILDKITE_TAG": "v1.4.0",
        "BUILDKITE_COMMIT": COMMIT,
        "BUILDKITE_BUILD_URL": "https://buildkite.com/o/r/builds/7",
        "BUILDKITE_JOB_ID": "e44f9784",
    },
    "Jenkins": {
        "JENKINS_URL": "https://ci.example.com/",
        "BUILD_ID": "7",
        "GIT_URL": "https://me:hush@github.com/o/r.git",
        "GIT_COMMIT": COMMIT,
        "TAG_NAME": "v1.4.0",
        "BUILD_URL": "https://ci.example.com/job/r/7/",
    },
    "Taskcluster": {
        "TASKCLUSTER_ROOT_URL": "https://tc.example.com",
        "TASK_ID": "fN1SbArXTPSVFNUvaOlinQ",
        "RUN_ID": "0",
        "VCS_HEAD_REPOSITORY": "https://github.com/o/r",
        "VCS_HEAD_REF": "refs/tags/v1.4.0",
        "VCS_HEAD_REV": COMMIT,
    },
    "Cloud Build": {
        "PROJECT_ID": "shop",
        "BUILD_ID": "b1",
        "LOCATION": "europe-west1",
        "REPO_FULL_NAME": "o/r",
        "TAG_NAME": "v1.4.0",
        "COMMIT_SHA": COMMIT,
    },
}
BUILDS = {
    "GitHub Actions": "https://github.com/o/r/actions/runs/1658821493",
    "GitLab CI": "https://gitlab.com/o/r/-/jobs/50",
    "CircleCI": "https://circleci.com/gh/o/r/7",
    "Buildkite": "https://buildkite.com/o/r/builds/7#e44f9784",
    "Jenkins": "https://ci.example.com/job/r/7/",
    "Taskcluster": "https://tc.example.com/tasks/fN1SbArXTPSVFNUvaOlinQ",
    "Cloud Build": (
        "https://console.cloud.google.com/cloud-build/builds;region=europe-west1/b1?project=shop"
    ),
}


class Checkout:
    """A git checkout with one commit."""

    def __init__(self, directory):
        self.directory = directory
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "A")
        self.git("config", "user.email", "a@example.com")
        self.commit("one")

    def git(self, *words):
        done = subprocess.run(
            ["git", *words], cwd=self.directory, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, content):
        (self.directory / "file").write_text(content)
        self.git("add", "file")
        self.git("commit", "-q", "-m", content)
        return self.git("rev-parse", "HEAD")


@pytest.fixture(autouse=True)
def _git_of_its_own(monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path)


def version(directory, *words, **variables):
    """Run the command; return (exit status, object or None, complaints)."""
    status, out, err = run("version", *words, cwd=directory, **variables)
    assert "hush" not in out + err
    return status, json.loads(out) if out else None, err.splitlines()


def test_every_ci_is_tried_here():
    assert set(ENVIRONMENTS) == set(BUILDS) == {ci.name for ci in CIS}


@pytest.mark.parametrize("ci", ENVIRONMENTS)
def test_a_ci_tells_all_that_its_variables_say(tmp_path, ci):
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
        "version is missing: --version was not given; Taskcluster does not tell it in "
        "VCS_HEAD_REF or GITHUB_HEAD_REF; git is not installed."
    )


def test_a_branch_is_no_release_and_git_describes_the_commit(checkout):
    environment = ENVIRONMENTS["GitHub Actions"]
    head = checkout.git("rev-parse", "HEAD")
    variables = {**environment, "GITHUB_REF": "refs/heads/main", "GITHUB_SHA": head}

    assert version(checkout.directory, **variables)[1]["version"] == head[:7]


def test_a_commit_that_is_a_name_is_looked_up_in_git(checkout):
    variables = {**ENVIRONMENTS["Buildkite"], "BUILDKITE_COMMIT": "HEAD"}
    head = checkout.git("rev-parse", "HEAD")

    assert version(checkout.directory, **variables)[1]["commit"] == head


def test_git_describes_no_commit_but_the_one_that_is_checked_out(checkout):
    head = checkout.git("rev-parse", "HEAD")
    variables = {**ENVIRONMENTS["CircleCI"], "CIRCLE_TAG": ""}

    _, found, (complaint,) = version(checkout.directory, **variables)

    assert found is None
    assert complaint == (
        "version is missing: --version was not given; CircleCI does not tell it in CIRCLE_TAG; "
        f"git has another commit checked out, {head}."
    )


def test_options_go_before_the_ci_and_the_ci_before_git(checkout):
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


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("on a tag", "v1"),
        ("after a tag", "v1-1-g{head}"),
        ("without tags", "{head}"),
        ("detached", "{head}"),
        ("dirty", "v1-dirty"),
    ],
)
def test_git_describes_a_checkout(checkout, state, expected):
    checkout.git("remote", "add", "origin", "git@example.com:o/r.git")
    if state in {"on a tag", "after a tag", "dirty"}:
        checkout.git("tag", "v1")
    if state == "after a tag":
        checkout.commit("two")
    if state == "detached":
        checkout.commit("two")
        checkout.git("checkout", "-q", "--detach", "HEAD~1")
    if state == "dirty":
        (checkout.directory / "file").write_text("changed")
    head = checkout.git("rev-parse", "HEAD")

    found = version(checkout.directory, "--build", "https://ci.example.com/7")

    assert found == (
        0,
        {
            "source": "https://example.com/o/r",
            "version": expected.format(head=head[:7]),
            "commit": head,
            "build": "https://ci.example.com/7",
        },
        [],
    )


@pytest.mark.parametrize(
    ("remotes", "source"),
    [
        ({"origin": "https://me:hush@example.com/o/r.git"}, "https://example.com/o/r"),
        ({"fork": "https://f", "origin": "https://example.com/o/r"}, "https://example.com/o/r"),
        ({"upstream": "ssh://git@example.com:2222/o/r"}, "https://example.com/o/r"),
    ],
)
def test_the_source_is_the_remote_origin_or_the_first_one(checkout, remotes, source):
    for name, url in remotes.items():
        checkout.git("remote", "add", name, url)

    _, found, complaints = version(checkout.directory, "--allow-missing")

    assert found["source"] == source
    assert [line.split()[0] for line in complaints] == ["build"]


@pytest.mark.parametrize(
    ("remote", "complaint"),
    [
        (None, "the git repository has no remote"),
        ("/srv/r.git", "the git remote origin has no web address"),
        ("file:///srv/hush", "the git remote origin has no web address"),
        ("https://me:hush/hush@example.com/r", "the git remote origin has no web address"),
    ],
)
def test_a_repository_without_a_web_address_has_no_source(checkout, remote, complaint):
    if remote:
        checkout.git("remote", "add", "origin", remote)

    assert version(checkout.directory, "--version", "1", "--build", "https://ci.example.com/7") == (
        1,
        None,
        [f"source is missing: --source was not given; no CI's variables are set; {complaint}."],
    )


def test_without_git_and_ci_every_key_is_told_with_where_it_was_looked_for(tmp_path):
    nowhere = "was not given; no CI's variables are set; git"
    reason = "says: not a git repository (or any of the parent directories): .git."

    assert version(tmp_path) == (
        1,
        None,
        [
            f"source is missing: --source {nowhere} {reason}",
            f"commit is missing: --commit {nowhere} {reason}",
            f"version is missing: --version {nowhere} {reason}",
            f"build is missing: --build {nowhere} does not know it.",
        ],
    )


def test_git_that_hangs_is_given_up(tmp_path, monkeypatch):
    git = tmp_path / "git"
    git.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    git.chmod(0o755)
    monkeypatch.setattr("dockerflow.provenance.GIT_SECONDS", 0.1)

    _, missing = collect({"build": "https://h/"}, {"PATH": str(tmp_path)}, tmp_path)

    assert [sentence.rpartition("; ")[2] for sentence in missing] == 3 * [
        "git did not answer in 0.1 s."
    ]


def test_a_repository_without_commits_says_so(tmp_path):
    subprocess.run(["git", "init", "-q", "-b", "main", tmp_path], check=True)

    _, _, complaints = version(tmp_path)

    assert complaints[1] == (
        "commit is missing: --commit was not given; no CI's variables are set; git says: your "
        "current branch 'main' does not have any commits yet."
    )


def test_allowed_to_be_missing_a_key_is_left_out_and_told(tmp_path):
    status, found, complaints = version(
        tmp_path, "--allow-missing", "--version", "1", "--commit", COMMIT
    )

    assert (status, found) == (0, {"version": "1", "commit": COMMIT})
    assert [line.split()[0] for line in complaints] == ["source", "build"]


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
    assert [line.partition(": it is")[0] for line in complaints] == [complaint]


@pytest.mark.parametrize(
    ("remote", "url"),
    [
        ("https://github.com/o/r", "https://github.com/o/r"),
        ("https://github.com/o/r.git/", "https://github.com/o/r"),
        ("http://git.internal:8080/r.git", "http://git.internal:8080/r"),
        ("https://token@github.com/o/r?token=hush#x", "https://github.com/o/r"),
        ("git@github.com:o/r.git", "https://github.com/o/r"),
        ("github.com:o/r", "https://github.com/o/r"),
        ("me:hush@github.com:o/r", "https://github.com/o/r"),
        ("ssh://git@github.com:22/o/r.git", "https://github.com/o/r"),
        ("git://github.com/o/r", "https://github.com/o/r"),
        ("https://me:80/hush@github.com/o/r", None),
        ("https://[", None),
        ("../r", None),
    ],
)
def test_a_remote_has_a_web_address_without_credentials(remote, url):
    assert repository_url(remote) == url


def test_the_documentation_names_every_variable_that_is_read():
    page = (Path(__file__).parents[1] / "docs" / "version-object.rst").read_text()
    told = set(re.findall(r"``([A-Z][A-Z0-9_]+)``", page))

    templates = "".join(text for ci in CIS for texts in ci[2:] for text in texts)
    assert told - {"COPY"} == set(re.findall(r"\{(\w+)\}", templates))
