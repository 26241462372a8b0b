"""How much of something must be left: ``5%`` of it, or ``2GiB``."""

from __future__ import annotations

import re
from typing import NamedTuple

_UNITS = {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
_UNITS |= {"kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}

UNITS = "%, KiB, MiB, GiB, TiB, KB, MB, GB and TB"


class Limit(NamedTuple):
    """How much must be left: a part of the whole, or bytes."""

    part: float
    size: int

    def of(self, total: int) -> float:
        """Bytes that must be left of ``total`` bytes."""
        return self.part * total if self.part else self.size


def limit(text: str) -> Limit:
    """The limit that a text such as ``5%`` or ``2GiB`` describes.

    :raises ValueError: it is none; with a clause about the text
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(%|[KMGT]i?B)", text.strip(), re.IGNORECASE)
    if match is None:
        raise ValueError(f"is not an amount such as 5% or 2GiB (units: {UNITS})")
    number, unit = float(match[1]), match[2].casefold()
    if unit == "%":
        if not 0 < number < 100:
            raise ValueError("is not between 0% and 100%")
        return Limit(number / 100, 0)
    if not number:
        raise ValueError("is not more than 0")
    return Limit(0, int(number * _UNITS[unit]))


def shown(size: float) -> str:
    """Return bytes for people: ``1.5 GiB``."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
