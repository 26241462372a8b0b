"""The programs that write and copy text: echo, printf, cat, tee, cp and the like."""

from __future__ import annotations

import getopt
import posixpath
import re
from typing import TYPE_CHECKING

from dockerflow.cli.verify.accounts import UNKNOWN
from dockerflow.cli.verify.image import BUSYBOX, DIRECTORIES
from dockerflow.cli.verify.shell.syntax import Result, Status, unescape

if TYPE_CHECKING:
    from dockerflow.cli.verify.shell.script import Script


def echo(script: Script, words: list[str], stdin: str) -> Result:
    """Return what echo prints."""
    options = ""
    words = words[1:]
    while words and re.fullmatch("-[neE]+", words[0]):
        options += words.pop(0)
    text = " ".join(words)
    # dash's echo knows no -e and always reads backslashes
    if "e" in options or script.image.family != BUSYBOX:
        text = unescape(text)
    return Status.LIKELY, text + "\n" * ("n" not in options)


def printf(script: Script, words: list[str], stdin: str) -> Result:
    """Return what printf prints, which uses its format again while there are arguments."""
    if len(words) < 2:
        return Status.LIKELY, ""
    form, *arguments = words[words[1] == "--" :][1:]
    form = unescape(form)
    directives = re.findall(r"%(?:%|[-0-9.]*[a-zA-Z])", form)
    if any(directive not in {"%%", "%s", "%d", "%i", "%u", "%b"} for directive in directives):
        return Status.LIKELY, UNKNOWN
    taken = sum(directive != "%%" for directive in directives)
    rounds = -(-len(arguments) // taken) if taken and arguments else 1
    queue = iter(arguments)

    def replace(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        argument = next(queue, "")
        return unescape(argument) if match[0] == "%b" else argument

    return Status.LIKELY, "".join(re.sub("%[%a-z]", replace, form) for _ in range(rounds))


def cat(script: Script, words: list[str], stdin: str) -> Result:
    """Return the text of the files."""
    names = [word for word in words[1:] if word == "-" or not word.startswith("-")] or ["-"]
    texts = (stdin if name == "-" else script.image.read(script.path(name)) for name in names)
    return Status.LIKELY, "".join(texts)


def tee(script: Script, words: list[str], stdin: str) -> Result:
    """Write the input to the files."""
    append = any(re.fullmatch("-[a-z]*a[a-z]*|--append", word) for word in words[1:])
    for name in (word for word in words[1:] if not word.startswith("-")):
        script.image.write(script.path(name), stdin, script.source, append=append)
    return Status.LIKELY, stdin


def copy(script: Script, words: list[str], stdin: str) -> Result:
    """Follow cp, mv and install; what is moved stays known at its old place, too."""
    try:
        options, paths = getopt.gnu_getopt(
            words[1:], "abcdDfilLnpPrRsTuvxZg:m:o:S:t:", ["target-directory=", "parents"]
        )
    except getopt.GetoptError:
        return script.unread(words)
    given = dict(options)
    target = given.get("-t", given.get("--target-directory"))
    if len(paths) < 2 and not target:
        return Status.LIKELY, ""  # install -d
    *sources, to = [*paths, target] if target else paths
    image = script.image
    into = bool(target) or len(sources) > 1 or to.endswith("/") or script.path(to) in DIRECTORIES
    for source in sources:
        origin = image.copy()
        path, end = script.path(source.removesuffix("/.")), script.path(to)
        if "--parents" in given:
            end, into = posixpath.join(end, source.lstrip("/")), False
        image.transfer(origin, path, end, script.source, into=into)
    return Status.LIKELY, ""


def sed(script: Script, words: list[str], stdin: str) -> Result:
    """Follow sed, which may edit a file in place."""
    if any(re.match("-[nErsz]*i|--in-place", word) for word in words):
        return script.unread(words)
    return Status.LIKELY, UNKNOWN
