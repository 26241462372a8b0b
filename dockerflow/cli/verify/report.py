"""The report of a verification, as text for people and as JSON."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, NamedTuple

from dockerflow.cli.printing import printable
from dockerflow.cli.verify.requirements import Outcome, Requirement, unchecked
from dockerflow.cli.verify.specification import REQUIREMENTS
from dockerflow.scrub import scrub

if TYPE_CHECKING:
    from collections.abc import Mapping

COLOURS = {"passed": "\x1b[32m", "failed": "\x1b[1;31m", "not checked": "\x1b[2m"}
RESET = "\x1b[0m"
NAME_WIDTH = max(len(requirement.name) for requirement in REQUIREMENTS)
STATE_WIDTH = len("not checked")


class Report(NamedTuple):
    """Every requirement with its outcome, in the order of the specification."""

    lines: list[tuple[Requirement, Outcome]]

    @classmethod
    def of(cls, outcomes: Mapping[str, Outcome]) -> Report:
        """Return the report of the outcomes by name; what is not among them was not checked.

        Credentials are masked: what was found may be a line that the application printed.
        """
        lines = []
        for requirement in REQUIREMENTS:
            outcome = outcomes.get(requirement.name) or unchecked(requirement.needs)
            lines.append((requirement, outcome._replace(found=scrub(outcome.found))))
        return cls(lines)

    @property
    def conforms(self) -> bool:
        """Whether nothing that is required failed."""
        return all(outcome.passed is not False for line, outcome in self.lines if line.required)

    def json(self) -> str:
        lines = [
            {
                "name": line.name,
                "required": line.required,
                "outcome": str(outcome),
                "found": outcome.found,
                "specification": line.specification,
                "fix": outcome.fix or line.fix,
            }
            for line, outcome in self.lines
        ]
        return json.dumps({"conforms": self.conforms, "lines": lines}, indent=2)

    def text(self, width: int, colour: bool) -> str:
        """Return the report for a terminal of ``width`` columns.

        Lines that were not checked for one and the same reason are folded into one.
        """
        lines = [
            (
                line,
                outcome._replace(found=printable(outcome.found), fix=printable(outcome.fix or "")),
            )
            for line, outcome in self.lines
        ]
        reasons: dict[str, list[str]] = {}
        for line, outcome in lines:
            if outcome.passed is None:
                reasons.setdefault(outcome.found, []).append(line.name)
        folded = {reason: names for reason, names in reasons.items() if len(names) > 1}
        rows = []
        section = ""
        for line, outcome in lines:
            if outcome.passed is None and outcome.found in folded:
                continue
            if line.section != section:
                section = line.section
                rows += ["", section]
            rows += _rows(line, outcome, width, colour)
        for reason, names in folded.items():
            rows += ["", *_hang("", f"Not checked: {reason}", 2, width)]
            rows += _hang("  ", ", ".join(names), 2, width)
        return "\n".join([*rows, "", self._summary()])

    def _summary(self) -> str:
        def count(state: str, required: bool) -> int:
            return sum(
                str(outcome) == state and line.required == required for line, outcome in self.lines
            )

        counts = [
            f"{count('passed', required=True)} passed",
            f"{count('failed', required=True)} failed",
            f"{count('not checked', required=True)} not checked",
        ]
        advice = count("failed", required=False)
        verdict = "No requirement failed" if self.conforms else "This does not conform"
        return f"{verdict}: {', '.join(counts)}; {advice} of the recommendations not followed."


def _rows(line: Requirement, outcome: Outcome, width: int, colour: bool) -> list[str]:
    state = str(outcome)
    shown = f"{state:{STATE_WIDTH}}"
    if colour:
        shown = f"{COLOURS[state]}{shown}{RESET}"
    head = f"  {shown}  {line.name:{NAME_WIDTH}}  "
    if outcome.passed is not False:
        return _hang(head, f"{line.title}: {outcome.found}", STATE_WIDTH + NAME_WIDTH + 6, width)
    rows = [head + line.title]
    for label, text in (
        ("found", outcome.found),
        ("spec", line.specification),
        ("fix", outcome.fix or line.fix),
    ):
        rows += _hang(f"{'':{STATE_WIDTH + 4}}{label:7}", text, STATE_WIDTH + 11, width)
    return rows


def _hang(head: str, text: str, indent: int, width: int) -> list[str]:
    first, *rest = textwrap.wrap(text, max(width - indent, 20), break_on_hyphens=False) or [""]
    return [head + first, *(" " * indent + row for row in rest)]
