"""The version object of a build, from the CI's variables and from git.

The version object's four keys, looked up at build time:
https://github.com/mozilla-services/Dockerflow/blob/main/docs/version_object.md
"""

from __future__ import annotations

import functools
import re
import shutil
import string
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from dockerflow.cli.remotes import no_web_address, repository_url
from dockerflow.version import KEYS

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

GIT_SECONDS = 10.0
CLOUD_BUILD = "https://console.cloud.google.com/cloud-build/builds"


class CI(NamedTuple):
    """The variables that one CI sets in its jobs.

    All of ``marks`` are set in its jobs. The others are templates over the environment, of which
    the first that can be filled counts; a ``ref`` is a tag only where it begins "refs/tags/".
    """

    name: str
    marks: tuple[str, ...]
    source: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    ref: tuple[str, ...] = ()
    commit: tuple[str, ...] = ()
    build: tuple[str, ...] = ()


CIS = (
    # https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    CI(
        "GitHub Actions",
        marks=("GITHUB_ACTIONS",),
        source=("{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}",),
        ref=("{GITHUB_REF}",),
        commit=("{GITHUB_SHA}",),
        build=("{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",),
    ),
    # https://docs.gitlab.com/ci/variables/predefined_variables/
    CI(
        "GitLab CI",
        marks=("GITLAB_CI",),
        source=("{CI_PROJECT_URL}",),
        tag=("{CI_COMMIT_TAG}",),
        commit=("{CI_COMMIT_SHA}",),
        build=("{CI_JOB_URL}",),
    ),
    # https://circleci.com/docs/reference/variables/
    CI(
        "CircleCI",
        marks=("CIRCLECI",),
        source=("{CIRCLE_REPOSITORY_URL}",),
        tag=("{CIRCLE_TAG}",),
        commit=("{CIRCLE_SHA1}",),
        build=("{CIRCLE_BUILD_URL}",),
    ),
    # https://buildkite.com/docs/pipelines/configure/environment-variables
    CI(
        "Buildkite",
        marks=("BUILDKITE",),
        source=("{BUILDKITE_REPO}",),
        tag=("{BUILDKITE_TAG}",),
        commit=("{BUILDKITE_COMMIT}",),
        build=("{BUILDKITE_BUILD_URL}#{BUILDKITE_JOB_ID}", "{BUILDKITE_BUILD_URL}"),
    ),
    # https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables
    CI(
        "Jenkins",
        marks=("JENKINS_URL",),
        source=("{GIT_URL}",),
        tag=("{TAG_NAME}",),
        commit=("{GIT_COMMIT}",),
        build=("{BUILD_URL}",),
    ),
    # a worker sets the first two; the others come from taskgraph or taskcluster-github
    # https://docs.taskcluster.net/docs/reference/workers/docker-worker/environment
    CI(
        "Taskcluster",
        marks=("TASKCLUSTER_ROOT_URL", "TASK_ID"),
        source=("{VCS_HEAD_REPOSITORY}", "{GITHUB_HEAD_REPO_URL}"),
        ref=("{VCS_HEAD_REF}", "{GITHUB_HEAD_REF}"),
        commit=("{VCS_HEAD_REV}", "{GITHUB_HEAD_SHA}"),
        build=("{TASKCLUSTER_ROOT_URL}/tasks/{TASK_ID}",),
    ),
    # https://learn.microsoft.com/azure/devops/pipelines/build/variables
    CI(
        "Azure Pipelines",
        marks=("TF_BUILD",),
        source=("{BUILD_REPOSITORY_URI}",),
        ref=("{BUILD_SOURCEBRANCH}",),
        commit=("{BUILD_SOURCEVERSION}",),
        # the project by its id: its name may have spaces
        build=(
            "{SYSTEM_COLLECTIONURI}{SYSTEM_TEAMPROJECTID}/_build/results?buildId={BUILD_BUILDID}",
        ),
    ),
    # substitutions, in the environment with `options: {automapSubstitutions: true}`
    # https://cloud.google.com/build/docs/configuring-builds/substitute-variable-values
    CI(
        "Cloud Build",
        marks=("PROJECT_ID", "BUILD_ID", "LOCATION"),
        tag=("{TAG_NAME}",),
        commit=("{COMMIT_SHA}",),
        build=(f"{CLOUD_BUILD};region={{LOCATION}}/{{BUILD_ID}}?project={{PROJECT_ID}}",),
    ),
)


class _NotThereError(Exception):
    """A key was not found in one place; the text is the reason."""


def collect(
    given: Mapping[str, str | None], environ: Mapping[str, str], directory: str | os.PathLike[str]
) -> tuple[dict[str, str], list[str]]:
    """Return the version object, and a sentence for each key of it that was found nowhere.

    A key comes from ``given``, else from the CI's variables in ``environ``, else from the git
    checkout that ``directory`` lies in (at most 10 seconds a command). What is found has the
    form that the specification wants and carries no credentials; a given value that can't be
    brought into that form is returned as it is.
    """
    found: dict[str, str] = {}
    missing = []
    # the commit before the version, which git has for one commit only
    for key in ("source", "commit", "version", "build"):
        value = (given.get(key) or "").strip()
        # an empty version means "no release"; anything else empty is an unset shell variable
        if value or (key == "version" and given.get(key) is not None):
            found[key] = _tidy(key, value) or value
            continue
        try:
            found[key] = _look_up(key, found.get("commit", ""), environ, directory)
        except _NotThereError as reasons:
            missing.append(f"{key} is missing: --{key} was not given; {reasons}.")
    return {key: found[key] for key in KEYS if key in found}, missing


def _tidy(key: str, value: str) -> str | None:
    if key == "source":
        return repository_url(value)
    if key == "commit":
        return value if re.fullmatch("[0-9a-fA-F]{7,64}", value) else None
    if key == "build":
        return re.sub(r"(?<=://)[^/]*@", "", value)
    return value


def _look_up(
    key: str, commit: str, environ: Mapping[str, str], directory: str | os.PathLike[str]
) -> str:
    try:
        return _from_ci(key, environ)
    except _NotThereError as reason:
        not_in_ci = str(reason)
    try:
        return _from_git(key, commit, environ, directory)
    except _NotThereError as not_in_git:
        raise _NotThereError(f"{not_in_ci}; {not_in_git}") from None


def _from_ci(key: str, environ: Mapping[str, str]) -> str:
    ci = next((ci for ci in CIS if all(environ.get(mark) for mark in ci.marks)), None)
    if ci is None:
        raise _NotThereError("no CI's variables are set")
    tried = []
    for template in ci.tag + ci.ref if key == "version" else getattr(ci, key):
        names = [name for _, name, *_ in string.Formatter().parse(template) if name]
        tried += names
        if all(environ.get(name, "").strip() for name in names):
            value = template.format_map(environ).strip()
            if template in ci.ref:
                value = value.partition("refs/tags/")[2]
            if tidied := _tidy(key, value):
                return tidied
    lacks = f"has no {key} in" if any(environ.get(name) for name in tried) else "does not set"
    raise _NotThereError(f"{ci.name} {lacks} {' or '.join(tried) or 'a variable for it'}")


def _from_git(
    key: str, commit: str, environ: Mapping[str, str], directory: str | os.PathLike[str]
) -> str:
    git = functools.partial(_git, environ, directory)
    if key == "build":
        raise _NotThereError("git does not have it")
    # the errors of `log` are clearer than those of `rev-parse`
    head = git("-c", "log.showSignature=false", "log", "-1", "--format=%H")
    if key == "commit":
        return head
    if key == "version":
        if not head.startswith(commit.lower()):
            raise _NotThereError(f"git has another commit checked out, {head}")
        return git("describe", "--tags", "--always", "--dirty")
    remotes = git("remote").split()
    if not remotes:
        raise _NotThereError("the git repository has no remote")
    name = "origin" if "origin" in remotes else remotes[0]
    remote = git("remote", "get-url", name)
    if url := repository_url(remote):
        return url
    reason = no_web_address(remote)
    raise _NotThereError(
        f"the git remote {name} has no web address" + (f": {reason}" if reason else "")
    )


def _git(environ: Mapping[str, str], directory: str | os.PathLike[str], *arguments: str) -> str:
    git = shutil.which("git", path=environ.get("PATH"))
    if git is None:
        raise _NotThereError("git is not installed")
    try:
        done = subprocess.run(  # noqa: S603
            [git, *arguments],
            cwd=directory,
            env={**environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=GIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _NotThereError(f"git did not answer in {GIT_SECONDS:g} s") from None
    if done.returncode:
        error = done.stderr.strip().partition("\n")[0].removeprefix("fatal: ")
        raise _NotThereError(f"git failed: {error}")
    return done.stdout.strip()
