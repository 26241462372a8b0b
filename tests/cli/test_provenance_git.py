"""Where ``python -m dockerflow version`` finds the four keys: in a git checkout."""

import subprocess

import pytest

from dockerflow.cli.provenance import collect
from dockerflow.cli.remotes import repository_url
from tests.support.builds import ENVIRONMENTS, Checkout, version

pytestmark = pytest.mark.once

ADVICE = "Give the missing options, or run it in a CI job, or use --allow-missing."


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path)


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

    _, found, (complaint, advice) = version(checkout.directory, **variables)

    assert found is None
    assert complaint == (
        "version is missing: --version was not given; CircleCI does not set CIRCLE_TAG; "
        f"git has another commit checked out, {head}."
    )
    assert advice == ADVICE


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
        (
            "C:/srv/hush",
            (
                "the git remote origin has no web address: c is no full host name, perhaps "
                "an alias of ssh"
            ),
        ),
        (
            "git@work:o/r",
            (
                "the git remote origin has no web address: work is no full host name, "
                "perhaps an alias of ssh"
            ),
        ),
        (
            "codecommit::eu-west-1://hush",
            ("the git remote origin has no web address: git reaches it with the helper codecommit"),
        ),
        (
            "git@heroku.com:r.git",
            "the git remote origin has no web address: heroku.com shows no repositories",
        ),
        (
            "git@ssh.dev.azure.com:v2/o",
            ("the git remote origin has no web address: ssh.dev.azure.com is for ssh only"),
        ),
        (
            "ssh://me@review.example.org:29418/r",
            ("the git remote origin has no web address: port 29418 is Gerrit's for ssh"),
        ),
        ("https://me:hush/hush@example.com/r", "the git remote origin has no web address"),
    ],
)
def test_a_repository_without_a_web_address_has_no_source(checkout, remote, complaint):
    if remote:
        checkout.git("remote", "add", "origin", remote)

    assert version(checkout.directory, "--version", "1", "--build", "https://ci.example.com/7") == (
        1,
        None,
        [
            f"source is missing: --source was not given; no CI's variables are set; {complaint}.",
            ADVICE,
        ],
    )


def test_without_git_and_ci_every_key_is_reported_with_where_it_was_looked_for(tmp_path):
    nowhere = "was not given; no CI's variables are set; git"
    reason = "failed: not a git repository (or any of the parent directories): .git."

    assert version(tmp_path) == (
        1,
        None,
        [
            f"source is missing: --source {nowhere} {reason}",
            f"commit is missing: --commit {nowhere} {reason}",
            f"version is missing: --version {nowhere} {reason}",
            f"build is missing: --build {nowhere} does not have it.",
            ADVICE,
        ],
    )


def test_git_that_hangs_is_given_up(tmp_path, monkeypatch):
    git = tmp_path / "git"
    git.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    git.chmod(0o755)
    monkeypatch.setattr("dockerflow.cli.provenance.GIT_SECONDS", 0.1)

    _, missing = collect({"build": "https://h/"}, {"PATH": str(tmp_path)}, tmp_path)

    assert [sentence.rpartition("; ")[2] for sentence in missing] == 3 * [
        "git did not answer in 0.1 s."
    ]


def test_a_repository_without_commits_says_so(tmp_path):
    subprocess.run(["git", "init", "-q", "-b", "main", tmp_path], check=True)

    _, _, complaints = version(tmp_path)

    assert complaints[1] == (
        "commit is missing: --commit was not given; no CI's variables are set; git failed: your "
        "current branch 'main' does not have any commits yet."
    )


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
        ("git@ssh.dev.azure.com:v3/o/p/r", "https://dev.azure.com/o/p/_git/r"),
        ("ssh://git@ssh.dev.azure.com/v3/o/My%20p/r", "https://dev.azure.com/o/My%20p/_git/r"),
        ("o@vs-ssh.visualstudio.com:v3/o/p/r", "https://dev.azure.com/o/p/_git/r"),
        ("https://o@dev.azure.com/o/p/_git/r", "https://dev.azure.com/o/p/_git/r"),
        ("git@ssh.dev.azure.com:o/p/r", None),
        ("ssh://git@ssh.github.com:443/o/r.git", "https://github.com/o/r"),
        ("git@ssh.github.com:o/r.git", "https://github.com/o/r"),
        ("ssh://git@altssh.gitlab.com:443/g/s/r.git", "https://gitlab.com/g/s/r"),
        ("ssh://git@altssh.bitbucket.org:443/o/r.git", "https://bitbucket.org/o/r"),
        (
            "ssh://me@source.developers.google.com:2022/p/shop/r/web",
            "https://source.cloud.google.com/shop/web",
        ),
        (
            "ssh://git@git.example.com:7999/shop/web.git",
            "https://git.example.com/projects/shop/repos/web",
        ),
        (
            "ssh://git@git.example.com:7999/~me/web.git",
            "https://git.example.com/users/me/repos/web",
        ),
        ("ssh://me@review.example.org:29418/r", None),
        ("codecommit::eu-west-1://r", None),
        ("codecommit://profile@r", None),
        ("git@heroku.com:r.git", None),
        ("github-work:o/r", None),
        ("C:/src/r", None),
        ("gcrypt::git@example.com:o/r", None),
        ("ssh://git@[2001:db8::1]/o/r", "https://[2001:db8::1]/o/r"),
        ("https://[2001:db8::1]:8443/o/r", "https://[2001:db8::1]:8443/o/r"),
        ("../r", None),
    ],
)
def test_a_remote_has_a_web_address_without_credentials(remote, url):
    assert repository_url(remote) == url
