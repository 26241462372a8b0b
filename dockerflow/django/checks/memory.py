"""Whether the container has memory left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage

from dockerflow import health
from dockerflow.django.checks.limits import Limit, limit, shown
from dockerflow.django.checks.subjects import subjects

# https://docs.kernel.org/admin-guide/cgroup-v2.html and .../cgroup-v1/memory.html
CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUP = Path("/proc/self/cgroup")
# cgroup v1 writes "no limit" as the largest multiple of a page.
_NO_LIMIT = 2**62


@subjects("left", parse=limit, default=("10%",))
def check_memory(app_configs: Any, left: Limit, **kwargs: Any) -> list[CheckMessage]:
    """The container's own limit leaves so much memory. E027 if not, I006 where it has no limit.

    File caches that the kernel can drop count as left.
    """
    found = min(_memory(), key=lambda group: group[1] - group[0] - left.of(group[1]), default=None)
    if found is None:
        text = "This process has no memory limit of its own"
        return [checks.Info(text, id=health.INFO_NO_MEMORY_LIMIT)]
    used, total = found
    free = max(0, total - used)
    if free >= left.of(total):
        return []
    text = f"{shown(free)} of the {shown(total)} of memory are left"
    text += f", less than {shown(left.of(total))}"
    return [checks.Error(text, id=health.ERROR_MEMORY_SHORT)]


def _memory() -> Iterator[tuple[int, int]]:
    """Used and allowed bytes of each control group above this process that has a limit."""
    for line in _read(OWN_CGROUP).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            names = CGROUPS, "memory.max", "memory.current", "inactive_file"
        elif "memory" in controllers.split(","):
            names = (
                CGROUPS / "memory",
                "memory.limit_in_bytes",
                "memory.usage_in_bytes",
                "total_inactive_file",
            )
        else:
            continue
        root, limit_name, usage_name, cache_name = names
        own = root / path.lstrip("/")
        # In a container the path may be that of the host, which is not there.
        for group in [own, *own.parents]:
            allowed, usage = _read(group / limit_name).strip(), _read(group / usage_name).strip()
            if allowed.isdigit() and usage.isdigit() and int(allowed) < _NO_LIMIT:
                cache = re.search(
                    rf"^{cache_name} (\d+)$", _read(group / "memory.stat"), re.MULTILINE
                )
                yield max(0, int(usage) - (int(cache[1]) if cache else 0)), int(allowed)
            if group == root:
                break


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="surrogateescape")  # the name of a group may be any bytes
    except OSError:
        return ""
