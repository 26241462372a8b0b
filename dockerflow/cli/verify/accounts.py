"""The groups and users that the commands of a Dockerfile create.

The options are those of Debian's and Fedora's shadow (groupadd, useradd), Debian's adduser and
addgroup, and BusyBox's commands of the same two names.
"""

from __future__ import annotations

import getopt
import re
import shlex
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

OPERATORS = frozenset("();<>|&")
# what may stand before a command
PREFIXES = {"then", "else", "do", "if", "elif", "!", "{", "exec", "command", "sudo", "env"}

# https://man7.org/linux/man-pages/man8/groupadd.8.html
GROUPADD = ("fg:hK:op:rR:P:U:", ["force", "gid=", "key=", "non-unique", "password=", "system"])
# https://man7.org/linux/man-pages/man8/useradd.8.html
USERADD = (
    "b:c:d:De:f:Fg:G:hk:K:lmMNop:rR:P:s:u:UZ:",
    [
        *("badname", "base-dir=", "btrfs-subvolume-home", "comment=", "create-home", "defaults"),
        *("expiredate=", "gid=", "groups=", "home-dir=", "inactive=", "key=", "no-create-home"),
        *("no-log-init", "no-user-group", "non-unique", "password=", "shell=", "skel=", "system"),
        *("uid=", "user-group"),
    ],
)
# https://manpages.debian.org/adduser and https://busybox.net/downloads/BusyBox.html#adduser
ADDGROUP = ("g:Sqh", ["gid=", "system", "quiet", "debug", "force-badname", "allow-bad-names"])
ADDUSER = (
    "h:g:s:G:SDHu:k:q",
    [
        *("allow-all-names", "allow-bad-names", "comment=", "debug", "disabled-login"),
        *("disabled-password", "empty-password", "force-badname", "gecos=", "gid=", "group"),
        *("home=", "ingroup=", "no-create-home", "quiet", "shell=", "skel=", "system", "uid="),
    ],
)


@dataclass
class Accounts:
    """Groups with their ids, users with their ids and groups; None is an id that was left open."""

    groups: dict[str, str | None] = field(default_factory=dict)
    users: dict[str, str | None] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)

    def run(self, script: str, expand: Callable[[str], str]) -> None:
        """Do what the shell script does to groups and users; ``expand`` fills in variables."""
        for words in commands(script):
            self.execute([expand(word) for word in words])

    def execute(self, words: list[str]) -> None:
        """Do what one command does to groups and users."""
        name = PurePosixPath(words[0]).name
        creators = {
            "groupadd": self._groupadd,
            "addgroup": self._addgroup,
            "useradd": self._useradd,
            "adduser": self._adduser,
        }
        if creator := creators.get(name):
            try:
                creator(words[1:])
            except (getopt.GetoptError, IndexError):
                self.unread.append(" ".join(words))

    def is_member(self, user: str, group: str) -> bool:
        """Return whether ``user`` is in ``group``, which commands may name by its id."""
        return bool({group, self.groups.get(group)} & self.members.get(user, set()))

    def _groupadd(self, words: list[str]) -> None:
        options, names = _options(words, GROUPADD)
        self.groups[names[0]] = options.get("-g", options.get("--gid"))

    def _addgroup(self, words: list[str]) -> None:
        options, names = _options(words, ADDGROUP)
        if len(names) == 2:
            self.members.setdefault(names[0], set()).add(names[1])
        else:
            self.groups[names[0]] = options.get("-g", options.get("--gid"))

    def _useradd(self, words: list[str]) -> None:
        options, names = _options(words, USERADD)
        others = options.get("-G", options.get("--groups", ""))
        own = "-N" not in options and "--no-user-group" not in options
        self._create(
            names[0],
            options.get("-u", options.get("--uid")),
            options.get("-g", options.get("--gid")),
            own,
        )
        self.members[names[0]].update(filter(None, others.split(",")))

    def _adduser(self, words: list[str]) -> None:
        try:
            options, names = _options(words, ADDUSER)
        except getopt.GetoptError:
            # Fedora's adduser is useradd
            return self._useradd(words)
        if len(names) == 2:
            self.members.setdefault(names[0], set()).add(names[1])
            return None
        group = options.get("-G", options.get("--ingroup", options.get("--gid")))
        system = "-S" in options or "--system" in options
        own = not system or "--group" in options
        return self._create(names[0], options.get("-u", options.get("--uid")), group, own)

    def _create(self, user: str, uid: str | None, group: str | None, own: bool) -> None:
        """Create a user; without a group it gets one of its own name and, if free, its own id."""
        self.users[user] = uid
        if group is None and own:
            group = user
            self.groups.setdefault(user, uid)
        self.members[user] = {group} if group else set()


def commands(script: str) -> Iterator[list[str]]:
    """Return the simple commands of a shell script, without what may stand before them."""
    for line in script.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        try:
            tokens = list(lexer)
        except ValueError:  # a quotation that goes on in the next line, or no shell at all
            tokens = line.split()
        yield from _simple(tokens)


def _simple(tokens: Iterable[str]) -> Iterator[list[str]]:
    words: list[str] = []
    for token in [*tokens, ";"]:
        if not token or not set(token) <= OPERATORS:
            words.append(token)
            continue
        if token[0] in "<>" and words and re.fullmatch("[0-9]", words[-1]):
            words.pop()  # the number of a redirected stream
        while words and (words[0] in PREFIXES or re.match(r"\w+=", words[0])):
            words.pop(0)
        if words:
            yield words
        words = []


def _options(words: list[str], known: tuple[str, list[str]]) -> tuple[dict[str, str], list[str]]:
    options, names = getopt.gnu_getopt(words, *known)
    return dict(options), names
