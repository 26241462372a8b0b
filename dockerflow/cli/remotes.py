"""The web addresses of the repositories that git reaches in its own ways."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

SSH = {"ssh", "git", "git+ssh"}


def repository_url(remote: str) -> str | None:
    """Return the web address of the repository that git reaches at ``remote``, or None.

    ``git@host:owner/name.git`` and ``ssh://git@host/owner/name`` are ``https://host/owner/name``;
    user, password, query and ``.git`` are left out. A host that is for ssh only is translated
    where its web address is known.
    """
    url = _split(remote)
    if url is None or not url.hostname:
        return None
    path = url.path.rstrip("/").removesuffix(".git")
    if not path.strip("/") or "@" in path:
        return None
    if url.scheme in {"http", "https"}:
        return f"{url.scheme}://{url.netloc.rpartition('@')[2]}{path}"
    if url.scheme not in SSH or no_web_address(remote):
        return None
    if url.port == BITBUCKET_PORT:
        return _bitbucket(url.hostname, path)
    if translate := SSH_HOSTS.get(url.hostname):
        return translate(path.lstrip("/"))
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    return f"https://{host}{path}"


def no_web_address(remote: str) -> str | None:
    """Return why the host of ``remote`` has no web address, None where nothing is known of that.

    The text holds no credentials.
    """
    if helper := re.match(r"([a-z0-9+.-]+)::", remote):
        return f"git reaches it with the helper {helper[1]}"
    url = _split(remote)
    if url is None or url.scheme not in SSH or not url.hostname:
        return None
    host = url.hostname
    if host in NO_WEB:
        return f"{host} shows no repositories"
    if host in SSH_HOSTS and SSH_HOSTS[host](url.path.strip("/").removesuffix(".git")) is None:
        return f"{host} is for ssh only"
    if url.port == GERRIT_PORT:
        return f"port {GERRIT_PORT} is Gerrit's for ssh"
    if "." not in host and ":" not in host:
        return f"{host} is no full host name, perhaps an alias of ssh"
    return None


def _split(remote: str) -> SplitResult | None:
    if "::" in remote.partition("/")[0] and not remote.startswith("["):
        return None
    if short := re.fullmatch(r"(?:[^@/]+@)?([^:@/]+):(?!//)/?(.+)", remote):
        remote = "ssh://{}/{}".format(*short.groups())
    try:
        url = urlsplit(remote)
        _ = url.port  # raises where half a password stands in its place
    except ValueError:
        return None
    return url


def _same_path(host: str) -> Callable[[str], str | None]:
    return lambda path: f"https://{host}/{path}"


def _azure(path: str) -> str | None:
    # v3/organization/project/repository
    # https://learn.microsoft.com/azure/devops/repos/git/use-ssh-keys-to-authenticate
    parts = path.split("/")
    if len(parts) != 4 or parts[0] != "v3":
        return None
    _, organization, project, repository = parts
    return f"https://dev.azure.com/{organization}/{project}/_git/{repository}"


def _google(path: str) -> str | None:
    # p/project/r/repository
    parts = path.split("/", 3)
    if len(parts) != 4 or (parts[0], parts[2]) != ("p", "r"):
        return None
    return f"https://source.cloud.google.com/{parts[1]}/{parts[3]}"


def _bitbucket(host: str, path: str) -> str | None:
    # Bitbucket Data Center: /project/repository or /~user/repository
    owner, _, repository = path.lstrip("/").partition("/")
    if not repository or "/" in repository:
        return None
    kind, owner = ("users", owner[1:]) if owner.startswith("~") else ("projects", owner)
    return f"https://{host}/{kind}/{owner}/repos/{repository}"


# https://confluence.atlassian.com/bitbucketserver/enable-ssh-access-to-git-repositories-776640358.html
BITBUCKET_PORT = 7999
GERRIT_PORT = 29418
# hosts that only ssh reaches, and what makes of a path there the web address
SSH_HOSTS: dict[str, Callable[[str], str | None]] = {
    # https://docs.github.com/authentication/troubleshooting-ssh/using-ssh-over-the-https-port
    "ssh.github.com": _same_path("github.com"),
    # https://docs.gitlab.com/user/gitlab_com/#alternative-ssh-port
    "altssh.gitlab.com": _same_path("gitlab.com"),
    # https://support.atlassian.com/bitbucket-cloud/docs/troubleshoot-ssh-issues/
    "altssh.bitbucket.org": _same_path("bitbucket.org"),
    "ssh.dev.azure.com": _azure,
    "vs-ssh.visualstudio.com": _azure,
    "source.developers.google.com": _google,
}
# hosts that take pushes and show nothing
NO_WEB = {"heroku.com", "git.heroku.com"}
