"""Whether a disk has space left."""

from __future__ import annotations

import shutil
from typing import Any, NamedTuple

from django.core import checks
from django.core.checks import CheckMessage

from dockerflow import health
from dockerflow.django.checks.limits import Limit, limit, shown
from dockerflow.django.checks.subjects import subjects


class Disk(NamedTuple):
    """A path on the file system, and how much space must be left there."""

    path: str
    limit: Limit


def _disk(text: str) -> Disk:
    path, colon, amount = text.rpartition(":")
    if not colon or not path.startswith("/"):
        raise ValueError("is not an absolute path with an amount, such as /tmp:5% or /data:2GiB")
    return Disk(path, limit(amount))


@subjects("disk", parse=_disk)
def check_disk_space(app_configs: Any, disk: Disk, **kwargs: Any) -> list[CheckMessage]:
    """The file system that holds a path has so much space left for this user. E026 if not."""
    try:
        usage = shutil.disk_usage(disk.path)
    except OSError as error:
        text = f"The space left on {disk.path} cannot be read: {error.strerror}"
        hint = "Correct the path in the brackets of the check, or mount the volume."
        return [checks.Error(text, hint=hint, id=health.ERROR_DISK_FULL)]
    needed = disk.limit.of(usage.total)
    if usage.free >= needed:
        return []
    text = f"{disk.path} has {shown(usage.free)} of {shown(usage.total)} left"
    if usage.total:  # /proc has no space at all
        text += f" ({usage.free / usage.total:.0%})"
    text += f", less than {shown(needed)}"
    return [checks.Error(text, id=health.ERROR_DISK_FULL)]
