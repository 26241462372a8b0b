"""What a chaos run prints: each fault when it is over, each violation, and a table at the end."""

from collections import defaultdict

from tests.chaos.window import Violation, Window

HEADINGS = ["Fault", "times", "heartbeats meanwhile", "slowest answer", "slowest recovery"]


class Report:
    def __init__(self) -> None:
        self.windows: dict[str, list[Window]] = defaultdict(list)
        self.violations: list[Violation] = []

    def add(self, window: Window, started: float) -> None:
        self.windows[window.fault.name].append(window)
        self.violations += window.violations
        print(
            f"{window.began - started:7.1f} s  {window.fault.name}"
            f" for {window.ending - window.began:.1f} s:"
            f" {window.heartbeats} heartbeats, slowest {window.slowest:.2f} s,"
            f" recovered after {window.recovered:.2f} s",
            flush=True,
        )
        for violation in window.violations:
            print(
                f"{violation.at - started:7.1f} s  VIOLATION with {violation.server}:"
                f" {violation.fault}\n           expected: {violation.expected}"
                f"\n           seen: {violation.seen}",
                flush=True,
            )

    def print(self) -> None:
        """Print the table as reStructuredText, if there is anything in it."""
        if not self.windows:
            return
        rows = [HEADINGS, *(self._row(name) for name in sorted(self.windows))]
        print("\n.. list-table::\n   :header-rows: 1\n")
        for first, *others in rows:
            print("\n".join([f"   * - {first}", *(f"     - {cell}" for cell in others)]))
        faults = sum(len(windows) for windows in self.windows.values())
        print(f"\n{faults} faults, {len(self.violations)} violations", flush=True)

    def _row(self, name: str) -> list[str]:
        windows = self.windows[name]
        return [
            name,
            str(len(windows)),
            str(sum(window.heartbeats for window in windows)),
            f"{max(window.slowest for window in windows):.2f} s",
            f"{max(window.recovered for window in windows):.2f} s",
        ]
