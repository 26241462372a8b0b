"""What the programs do that scripts of a Dockerfile call, as far as accounts depend on it."""

from __future__ import annotations

import getopt
import posixpath
import re
from typing import TYPE_CHECKING

from dockerflow.cli.verify import account_tools
from dockerflow.cli.verify.accounts import APP, UNKNOWN
from dockerflow.cli.verify.shell import builtins, conditions, texts
from dockerflow.cli.verify.shell.syntax import Result, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from dockerflow.cli.verify.shell.script import Script

SHELLS = {"sh", "bash", "ash", "dash", "ksh", "mksh", "zsh"}
# a script that says in its name that it makes accounts
ACCOUNT_SCRIPT = re.compile(r"user|group|account", re.IGNORECASE)
# these read at most, or only name packages
HARMLESS = {
    *("apk", "apt", "apt-get", "awk", "basename", "bundle", "chgrp", "chmod", "chown", "cmp"),
    *("cut", "date", "diff", "dnf", "dpkg", "expr", "file", "find", "gem", "git", "hash", "head"),
    *("ls", "man", "microdnf", "mkdir", "pacman", "pip", "pip3", "pwd", "rpm", "sort", "stat"),
    *("tail", "tdnf", "touch", "tr", "type", "umask", "uniq", "wc", "which", "whoami", "yum"),
    "zypper",
}
# programs that run another one: their options, and how many words stand before its name
PREFIXES: dict[str, tuple[str, list[str], int]] = {
    "builtin": ("", [], 0),
    "busybox": ("", [], 0),
    "doas": ("nsu:C:", [], 0),
    "env": ("0iu:C:v", ["ignore-environment", "unset=", "chdir="], 0),
    "exec": ("cla:", [], 0),
    "fakeroot": ("", [], 0),
    "gosu": ("", [], 1),
    "ionice": ("c:n:t", [], 0),
    "nice": ("n:", ["adjustment="], 0),
    "nohup": ("", [], 0),
    "setsid": ("cfw", [], 0),
    "stdbuf": ("i:o:e:", ["input=", "output=", "error="], 0),
    "su-exec": ("", [], 1),
    "sudo": (
        "AbEHiknPSsVvu:g:h:p:C:r:t:T:U:",
        ["preserve-env", "preserve-env=", "user=", "group=", "non-interactive", "set-home"],
        0,
    ),
    "time": ("apvo:f:", [], 0),
    "timeout": ("fvk:s:", ["foreground", "preserve-status", "kill-after=", "signal="], 1),
}


def run(script: Script, words: list[str], stdin: str) -> Result:
    """Follow one command of ``script``."""
    name = posixpath.basename(words[0])
    if follow := FOLLOWED.get(name):
        return follow(script, words, stdin)
    if name in account_tools.FOLLOWED:
        image = script.image
        try:
            image.accounts = account_tools.run(image.accounts, image.family, words)
        except ValueError:
            script.doubt(creates=name in account_tools.CREATORS)
        return Status.LIKELY, ""
    if script.path(words[0]) in script.image.files:
        return script.run_apart(script.image.read(script.path(words[0])), words[1:], stdin)
    if name in HARMLESS:
        return (Status.UNKNOWN if name in TESTS else Status.LIKELY), UNKNOWN
    hidden = UNKNOWN in words[0] and APP in words
    if hidden or ACCOUNT_SCRIPT.search(name):
        script.doubt()
    return script.unread(words)


def parse_shell(words: list[str]) -> tuple[bool, list[str]]:
    """Return whether ``words``, of which the first is a shell, run a script from their own text.

    And what follows the options: that script and its arguments, else the path of a script and its
    arguments.
    """
    is_text = False
    rest = words[1:]
    while rest and rest[0][:1] in {"-", "+"} and rest[0] not in {"-", "--"}:
        option = rest.pop(0)
        if option.startswith("--"):
            rest = rest[option in {"--rcfile", "--init-file"} :]
            continue
        is_text |= option[0] == "-" and "c" in option
        # -o and -O take a value each, in the words after
        rest = rest[option[1:].count("o") + option[1:].count("O") :]
    return is_text, rest[bool(rest and rest[0] in {"-", "--"}) :]


def _prefix(script: Script, words: list[str], stdin: str) -> Result:
    short, long, skipped = PREFIXES[posixpath.basename(words[0])]
    try:
        _, rest = getopt.getopt(words[1:], short, long)
    except getopt.GetoptError:
        return script.unread(words)
    rest = rest[skipped:]
    while rest and re.match(r"\w+=", rest[0]):
        rest.pop(0)
    return script.call(rest, stdin) if rest else (Status.LIKELY, "")


def _shell(script: Script, words: list[str], stdin: str) -> Result:
    is_text, rest = parse_shell(words)
    if is_text:
        return script.run_apart(rest[0], rest[2:], stdin) if rest else (Status.LIKELY, "")
    if not rest:
        return script.run_apart(stdin, (), "")
    if script.path(rest[0]) in script.image.files:
        return script.run_apart(script.image.read(script.path(rest[0])), rest[1:], stdin)
    if ACCOUNT_SCRIPT.search(posixpath.basename(rest[0])):
        script.doubt()
    return script.unread(words)


def _su(script: Script, words: list[str], stdin: str) -> Result:
    for option in ("-c", "--command"):
        if option in words[:-1]:
            return script.run_apart(words[words.index(option) + 1], (), stdin)
    return script.unread(words)


# their answer decides what runs next, and can't be known
TESTS = {"cmp", "diff", "expr", "find", "hash", "type", "which"}
FOLLOWED: dict[str, Callable[[Script, list[str], str], Result]] = {
    **dict.fromkeys(SHELLS, _shell),
    **dict.fromkeys(PREFIXES, _prefix),
    **dict.fromkeys((".", "source"), builtins.source),
    **dict.fromkeys((":", "true"), builtins.true),
    **dict.fromkeys(("[", "test"), conditions.test),
    **dict.fromkeys(("cp", "install", "mv"), texts.copy),
    **dict.fromkeys(("egrep", "fgrep", "getent", "grep", "id"), conditions.exists),
    **dict.fromkeys(("exit", "return"), builtins.exit_),
    **dict.fromkeys(("runuser", "su"), _su),
    "cat": texts.cat,
    "cd": builtins.cd,
    "command": builtins.command,
    "echo": texts.echo,
    "eval": builtins.eval_,
    "false": builtins.false,
    "printf": texts.printf,
    "read": builtins.read,
    "sed": texts.sed,
    "set": builtins.set_,
    "shift": builtins.shift,
    "tee": texts.tee,
    "unset": builtins.unset,
}
