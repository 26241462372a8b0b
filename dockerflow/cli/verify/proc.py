"""What Linux shows of processes in /proc: https://man7.org/linux/man-pages/man5/proc.5.html

Each function finds nothing where there is no /proc, and skips a process that has ended.
"""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PROC = Path("/proc")
LISTENING = "0A"
LOG_NAME = re.compile(r"\.log(\.[^/]*)?$|/nohup\.out$|^/var/log/")
# npm's own, which only logs what npm did: https://docs.npmjs.com/cli/using-npm/logging
NPM_LOG = re.compile(r"/_logs/[^/]+-debug-\d+\.log$")
# not programs of their own: an init that passes signals on, a shell that starts something
SHIMS = {"tini", "dumb-init", "docker-init", "catatonit", "sh", "bash", "dash", "busybox"}


class Listener(NamedTuple):
    """A listening TCP socket: its address, such as 0.0.0.0 or ::1, its port and its inode."""

    address: str
    port: int
    inode: str


def descendants(ancestor: int) -> set[int]:
    """Return the ids of all processes that descend from ``ancestor``."""
    children: dict[int, list[int]] = {}
    for stat in PROC.glob("[0-9]*/stat"):
        text = _text(stat)
        if text:
            # the name of the program stands in parentheses and may hold any character
            parent = int(text.rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    found, queue = set(), [ancestor]
    while queue:
        for child in children.get(queue.pop(), []):
            found.add(child)
            queue.append(child)
    return found


def handles(pid: int, signal: int) -> bool | None:
    """Return whether the process catches ``signal`` or waits for it; None where that is unknown."""
    masks = re.findall(
        r"^Sig(?:Cgt|Blk):\s*([0-9a-f]+)$", _text(PROC / f"{pid}/status"), re.MULTILINE
    )
    return any(int(mask, 16) >> (signal - 1) & 1 for mask in masks) if masks else None


def listeners(pids: Iterable[int]) -> set[Listener]:
    """Return the sockets that the processes listen on."""
    found = set()
    for pid in pids:
        inodes = {match[1] for _, to in _links(pid) if (match := re.match(r"socket:\[(\d+)\]", to))}
        for table in ("tcp", "tcp6"):
            for row in _text(PROC / f"{pid}/net/{table}").splitlines()[1:]:
                _, local, _, state, *rest = row.split()
                if state == LISTENING and (inode := rest[5]) in inodes:
                    address, _, port = local.partition(":")
                    found.add(Listener(_address(address), int(port, 16), inode))
    return found


def is_log(path: str) -> bool:
    """Return whether a file of this path is, by its name, a log of the application."""
    return LOG_NAME.search(path) is not None and NPM_LOG.search(path) is None


def log_files(pids: Iterable[int]) -> set[str]:
    """Return the paths of the files that look like logs and that the processes may write to."""
    return {
        to
        for pid in pids
        for fd, to in _links(pid)
        if is_log(to) and Path(to).is_file() and _writable(pid, fd)
    }


def programs(pids: Iterable[int]) -> list[str]:
    """Return the names of the programs that the processes run, shells and inits aside."""
    names = set()
    for pid in pids:
        try:
            names.add((PROC / f"{pid}/exe").readlink().name)
        except OSError:
            continue
    return sorted(names - SHIMS)


def _address(text: str) -> str:
    """Return the usual form of an address of /proc/net/tcp: words in the machine's byte order."""
    words = [int(text[at : at + 8], 16) for at in range(0, len(text), 8)]
    address = ipaddress.ip_address(b"".join(word.to_bytes(4, sys.byteorder) for word in words))
    return str(getattr(address, "ipv4_mapped", None) or address)


def _writable(pid: int, fd: str) -> bool:
    flags = re.search(r"^flags:\s*([0-7]+)$", _text(PROC / f"{pid}/fdinfo/{fd}"), re.MULTILINE)
    return flags is not None and int(flags[1], 8) & os.O_ACCMODE != os.O_RDONLY


def _links(pid: int) -> Iterator[tuple[str, str]]:
    try:
        links = list((PROC / f"{pid}/fd").iterdir())
    except OSError:
        return
    for link in links:
        try:
            yield link.name, str(link.readlink())
        except OSError:
            continue


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
