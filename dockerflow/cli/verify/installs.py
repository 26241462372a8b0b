"""Which commands of a Dockerfile install dependencies, and whether that is lost too often."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field

# the words that make a command one that installs; "" is a command without any
INSTALLERS = {
    "apk": "add",
    "apt": "install build-dep",
    "apt-get": "install build-dep",
    "aptitude": "install",
    "bun": "install i add",
    "bundle": "install",
    "cargo": "fetch install",
    "composer": "install require",
    "conda": "install create",
    "dnf": "install",
    "gem": "install",
    "go": "mod get install",
    "mamba": "install create",
    "microdnf": "install",
    "micromamba": "install create",
    "npm": "install i ci add clean-install",
    "pdm": "install sync add",
    "pip": "install",
    "pipenv": "install sync",
    "pipx": "install",
    "pnpm": "install i add fetch",
    "poetry": "install add sync",
    "tdnf": "install",
    "uv": "sync add pip",
    "yarn": "install add",
    "yum": "install",
    "zypper": "install in",
}
# without a command, these install as well
ALONE = {"bundle", "yarn"}
# what may stand between the program and its command with a value of its own
VALUED = {"--prefix", "-C", "--cwd", "--directory", "--filter", "-t", "-o", "--project"}


def installer(words: list[str]) -> str | None:
    """Return the program that installs dependencies with this command, None if none does."""
    name = posixpath.basename(words[0])
    rest = words[1:]
    if re.fullmatch(r"(?:python|pypy)[0-9.]*", name):
        if rest[:1] != ["-m"] or len(rest) < 2:
            return None
        name, rest = rest[1], rest[2:]
    name = re.sub(r"^(pip)[0-9.]+$", r"\1", name)
    if name not in INSTALLERS or "--no-deps" in rest or {"--version", "--help"} & set(rest):
        return None
    while rest and rest[0].startswith("-"):
        rest = rest[2 if rest[0] in VALUED else 1 :]
    if not rest:
        return name if name in ALONE else None
    if (name, rest[0]) in {("go", "mod"), ("uv", "pip")}:
        return name if rest[1:2] in (["download"], ["install"], ["sync"]) else None
    return name if rest[0] in INSTALLERS[name].split() else None


@dataclass
class Installs:
    """Which programs have installed something, and what is installed too late.

    ``late`` has the line that copies all sources and the one that first installs after it: every
    change of the sources installs everything again.
    """

    programs: set[str] = field(default_factory=set)
    sources_line: int | None = None
    late: tuple[int, int] | None = None

    def copy(self, sources: list[str], origin: Installs | None, line: int) -> None:
        """Note a COPY, which may be one of dependencies from another stage."""
        if origin is not None:
            self.programs |= origin.programs
            self.late = self.late or origin.late
        elif {posixpath.normpath(source) for source in sources} & {".", "/"}:
            self.sources_line = self.sources_line or line

    def run(self, commands: list[tuple[list[str], str]], line: int) -> None:
        """Note the commands of a RUN."""
        found = {name for words, _ in commands if (name := installer(words))}
        if self.sources_line and found - self.programs and not self.late:
            self.late = self.sources_line, line
        self.programs |= found
