"""What ``docker build`` refuses in an instruction, although it can be parsed.

https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from e2b_dockerfile_utils import DockerfileInstruction

_COPY = {"--chmod", "--chown", "--exclude", "--link"}
FLAGS = {
    "ADD": _COPY | {"--checksum", "--keep-git-dir", "--unpack"},
    "COPY": _COPY | {"--from", "--parents"},
    "FROM": {"--platform"},
    "HEALTHCHECK": {"--interval", "--retries", "--start-interval", "--start-period", "--timeout"},
    "RUN": {"--device", "--mount", "--network", "--security"},
}
# as JSON arrays, these two may be empty: they take back what the base image has
MAY_BE_EMPTY = {"CMD", "ENTRYPOINT"}
# a port or a range, maybe after an address and a port of the host
PORT = r"(?:(?:[0-9.]*|\[[0-9a-f:]*\]):)*[0-9]{1,5}(?:-[0-9]{1,5})?(?:/(?:tcp|udp|sctp))?"


def refuse(instruction: DockerfileInstruction, has_stage: bool) -> None:
    """Raise ValueError with line and reason; ``has_stage``: there is a FROM before it."""
    if reason := _reason(instruction, has_stage):
        raise ValueError(f"line {instruction.start_line}: {instruction.name} {reason}")


def _reason(instruction: DockerfileInstruction, has_stage: bool) -> str | None:
    name, words = instruction.name, instruction.args
    for flag in instruction.flags:
        if flag.partition("=")[0] not in FLAGS.get(name, ()):
            return f"has no flag {flag.partition('=')[0]}"
    if name == "ONBUILD":
        return _refused_trigger(instruction.original.split()[1:2])
    if not words and not (instruction.json and name in MAY_BE_EMPTY):
        return "has no argument"
    if not has_stage and name not in {"ARG", "FROM"}:
        return "stands before the first FROM"
    if name == "FROM" and not (len(words) == 1 or (len(words) == 3 and words[1].lower() == "as")):
        return "takes an image, or an image AS a name"
    if name in {"COPY", "ADD"} and len(words) < 2:
        return "takes at least two arguments"
    if name == "SHELL" and not instruction.json:
        return "takes a JSON array"
    return None


def _refused_trigger(words: list[str]) -> str | None:
    if not words:
        return "has no argument"
    if words[0].upper() in {"FROM", "MAINTAINER", "ONBUILD"}:
        return f"takes no {words[0].upper()}"
    return None


def refuse_port(word: str, line: int) -> None:
    """Raise ValueError where a word of EXPOSE is no port; ``word`` has no variables left."""
    if not re.fullmatch(PORT, word, re.IGNORECASE):
        raise ValueError(f"line {line}: EXPOSE takes ports, not {word!r}")
