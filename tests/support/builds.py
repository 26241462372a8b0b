"""Builds to tell the version of: in a CI, from a git checkout."""

import json
import os
import subprocess

from tests.support.command import run

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
    "Azure Pipelines": {
        "TF_BUILD": "True",
        "BUILD_BUILDID": "7",
        "BUILD_REPOSITORY_URI": "https://hush@github.com/o/r",
        "BUILD_SOURCEBRANCH": "refs/tags/v1.4.0",
        "BUILD_SOURCEBRANCHNAME": "v1.4.0",
        "BUILD_SOURCEVERSION": COMMIT,
        "SYSTEM_COLLECTIONURI": "https://dev.azure.com/o/",
        "SYSTEM_TEAMPROJECT": "Our shop",
        "SYSTEM_TEAMPROJECTID": "6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c",
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
    "Azure Pipelines": (
        "https://dev.azure.com/o/6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c/_build/results?buildId=7"
    ),
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
            ["git", *words],
            cwd=self.directory,
            env={"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def commit(self, content):
        (self.directory / "file").write_text(content)
        self.git("add", "file")
        self.git("commit", "-q", "-m", content)
        return self.git("rev-parse", "HEAD")


def version(directory, *words, **variables):
    """Run the command; return (exit status, object or None, complaints)."""
    status, out, err = run("version", *words, cwd=directory, **variables)
    assert "hush" not in out + err
    return status, json.loads(out) if out else None, err.splitlines()
