"""Which dockerflow a process imports: this one, Mozilla's, or an older one of ours.

Two environment variables name folders in which another ``dockerflow`` lies: MOZILLA_DOCKERFLOW
(filled by ``pip install --no-deps --target``) and BASELINE_DOCKERFLOW, with which ours is compared
where it is set.
"""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

OURS, MOZILLA, BASELINE = "dockerflow", "dockerflow (Mozilla)", "dockerflow (baseline)"
VARIABLES = {MOZILLA: "MOZILLA_DOCKERFLOW", BASELINE: "BASELINE_DOCKERFLOW"}


def available(candidates: Iterable[str]) -> list[str]:
    """Return the candidates, without the baseline where none is given."""
    absent = {BASELINE} - {name for name, variable in VARIABLES.items() if variable in os.environ}
    return [candidate for candidate in candidates if candidate not in absent]


def python_path(candidate: str) -> str:
    """Return the PYTHONPATH with which a process imports this candidate's dockerflow."""
    first = [os.environ[VARIABLES[candidate]]] if candidate in VARIABLES else []
    return os.pathsep.join(str(Path(entry).absolute()) for entry in [*first, *sys.path])


def show_change(rows: dict[str, tuple[float, float]]) -> None:
    """Print how many times as long ours takes as the baseline: {what: (ours, baseline)}."""
    if rows:
        print("\nAs many times as long as the baseline (below 1 is faster):")
    for name, (ours, baseline) in rows.items():
        print(f"{name:58}{ours / baseline:>6.2f}", flush=True)
