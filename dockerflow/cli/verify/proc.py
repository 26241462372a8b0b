"""What Linux tells about processes in /proc: https://man7.org/linux/man-pages/man5/proc.5.html

Each function returns nothing found where there is no /proc, and skips a process that has ended.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PROC = Path("/proc")
LISTENING = "0A"
# each word of four bytes stands in the byte order of the machine, which is little-endian
LOOPBACK = re.compile("(0{16}FFFF0000)?.{6}7F|0{24}01000000")
LOG_NAME = re.compile(r"\.log(\.[^/]*)?$|/nohup\.out$|^/var/log/")
# not programs of their own: an init that passes signals on, a shell that starts something
SHIMS = {"tini", "dumb-init", "docker-init", "catatonit", "sh", "bash", "dash", "busybox"}


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
    """Return whether the process catches ``signal`` or waits for it; None where that isn't told."""
    masks = re.findall(
        r"^Sig(?:Cgt|Blk):\s*([0-9a-f]+)$", _text(PROC / f"{pid}/status"), re.MULTILINE
    )
    return any(int(mask, 16) >> (signal - 1) & 1 for mask in masks) if masks else None


def listeners(pids: Iterable[int]) -> set[tuple[str, int]]:
    """Return the (hexadecimal address, port) pairs that the processes listen on."""
    found = set()
    for pid in pids:
        inodes = {match[1] for _, to in _links(pid) if (match := re.match(r"socket:\[(\d+)\]", to))}
        for table in ("tcp", "tcp6"):
            for row in _text(PROC / f"{pid}/net/{table}").splitlines()[1:]:
                _, local, _, state, *rest = row.split()
                if state == LISTENING and rest[5] in inodes:
                    address, _, port = local.partition(":")
                    found.add((address, int(port, 16)))
    return found


def is_loopback(address: str) -> bool:
    """Return whether an address of :func:`listeners` is 127.0.0.0/8 or ::1."""
    return LOOPBACK.fullmatch(address) is not None


def log_files(pids: Iterable[int]) -> set[str]:
    """Return the paths of the files that look like logs and that the processes may write to."""
    return {
        to
        for pid in pids
        for fd, to in _links(pid)
        if LOG_NAME.search(to) and Path(to).is_file() and _writable(pid, fd)
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
