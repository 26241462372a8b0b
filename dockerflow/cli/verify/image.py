"""What a build has made so far: accounts, and the text of the files that its scripts wrote."""

from __future__ import annotations

import copy
import posixpath
import re
from dataclasses import dataclass, field

from dockerflow.cli.verify.accounts import GROUP, PASSWD, UNKNOWN, Accounts, Doubt

# Linux takes no longer word or variable in a call of a program:
# https://man7.org/linux/man-pages/man2/execve.2.html (MAX_ARG_STRLEN)
TEXT_LIMIT = 128 * 1024
ACCOUNT_FILES = (PASSWD, GROUP)
# directories whose content may be accounts
DIRECTORIES = {"/", "/etc"}

BUSYBOX, DEBIAN, SHADOW = "BusyBox", "Debian", "shadow"
# whose adduser and addgroup an image has, by words in its name
FAMILIES = {
    BUSYBOX: r"alpine|busybox",
    SHADOW: (
        r"fedora|centos|rhel|ubi[0-9]*|rocky(linux)?|alma(linux)?|amazonlinux|oraclelinux|"
        r"opensuse|suse|azurelinux|mariner|photon"
    ),
    DEBIAN: (
        r"debian|ubuntu|buster|bullseye|bookworm|trixie|focal|jammy|noble|slim|"
        r"python|node|ruby|golang|rust|php|perl|buildpack-deps"
    ),
}


@dataclass
class Image:
    """An image, built on the one called ``base``, which can't be seen."""

    base: str
    accounts: Accounts = field(default_factory=Accounts)
    files: dict[str, str] = field(default_factory=dict)

    @property
    def family(self) -> str | None:
        """Whose adduser and addgroup the image has, None where its name doesn't show it."""
        words = re.split(r"[^a-z0-9]+", self.base.lower())
        for family, names in FAMILIES.items():
            if any(re.fullmatch(rf"(?:{names})\d*", word) for word in words):
                return family
        return None

    def copy(self) -> Image:
        """Return an image in the same state."""
        return copy.deepcopy(self)

    def read(self, path: str) -> str:
        """Return the text of a file, ``UNKNOWN`` where it is not known."""
        if path in ACCOUNT_FILES:
            return self.accounts.render(path)
        return self.files.get(path, UNKNOWN)

    def write(self, path: str, text: str, source: str, *, append: bool = False) -> None:
        """Write a file or append to it; ``source`` is the command that does it."""
        if path in ACCOUNT_FILES:
            (self.accounts.read if append else self.accounts.replace)(path, text, source)
            return
        text = self.files.get(path, UNKNOWN if append else "") * append + text
        self.files[path] = text if len(text) <= TEXT_LIMIT else UNKNOWN

    def transfer(
        self, origin: Image, source: str, target: str, command: str, *, into: bool = False
    ) -> None:
        """Copy the file or directory ``source`` of ``origin`` to ``target``, or into it.

        What is not known to be there is not copied; if it may hold accounts, they are in doubt.
        """
        known = [*origin.files, *ACCOUNT_FILES]
        below = [path for path in known if path.startswith(source.rstrip("/") + "/")]
        for path in below:
            self.write(moved(path, source, target), origin.read(path), command)
        if below:
            return
        end = posixpath.normpath(posixpath.join(target, posixpath.basename(source)))
        end = end if into else target
        if source in known or end in ACCOUNT_FILES:
            self.write(end, origin.read(source), command)
        elif target in DIRECTORIES and may_be_directory(source):
            self.accounts.doubts.append(Doubt(command, creates=True))


def moved(path: str, source: str, target: str) -> str:
    """Return where ``path`` is after ``source``, a directory above it, was copied to ``target``."""
    return posixpath.join(target, path[len(source.rstrip("/")) :].lstrip("/"))


def may_be_directory(source: str) -> bool:
    """Return whether a path may be that of a directory, or a pattern that matches one."""
    name = posixpath.basename(source)
    return name in {"", "."} or "." not in name or "*" in name
