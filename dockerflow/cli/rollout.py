"""A deploy is done when what answers is the new build and works: wait until that is so.

Each URL's ``/__version__`` and ``/__heartbeat__`` are requested until they answer rightly so many
times in a row, each time on a connection of its own: behind one address there may be several
processes, of which some are still the old ones.
"""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from dockerflow.cli.fetch import Client
from dockerflow.cli.printing import printable
from dockerflow.cli.probe import Answer, check_base_url
from dockerflow.scrub import scrub
from dockerflow.version import KEYS, problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ANSWER_SECONDS = 10.0  # for one answer
INTERVAL_SECONDS = 1.0  # after a wrong one
NO_ANSWER = "no answer yet"
TEXT_LIMIT = 300  # characters of what a server says


class State(NamedTuple):
    """What is known of one URL.

    ``right`` counts its right answers in a row, ``version`` is the object that it answered last.
    """

    url: str
    text: str = NO_ANSWER
    done: bool = False
    right: int = 0
    version: dict[str, Any] | None = None

    @property
    def is_news(self) -> bool:
        """Whether ``text`` is more than a count of right answers, or none."""
        return self.done or (self.text != NO_ANSWER and not self.right)


class Rollout:
    """Requests each of ``urls`` until it answers with the build ``expected``, and works.

    ``times`` is how many right answers in a row each endpoint must give, ``timeout`` how many
    seconds all of it may take from now on. Raises ValueError where a URL can't be requested.
    """

    def __init__(
        self,
        urls: Sequence[str],
        expected: Mapping[str, str],
        *,
        times: int,
        timeout: float,
        token: str | None = None,
    ) -> None:
        for url in urls:
            check_base_url(url)
        self.expected = expected
        self.times = times
        self.timeout = timeout
        self.deadline = time.monotonic() + timeout
        self.states = [State(url) for url in urls]
        self.changes: queue.SimpleQueue[tuple[int, State]] = queue.SimpleQueue()
        self.client = Client()
        self.stopped = threading.Event()
        self.token = token

    @property
    def done(self) -> bool:
        """Whether every URL answers with the new build, and works."""
        return all(state.done for state in self.states)

    def run(self) -> Iterator[list[State]]:
        """Yield the states whenever one has changed, until all are done or the time is up."""
        watches = [_Watch(self, number) for number in range(len(self.states))]
        for watch in watches:
            watch.start()
        try:
            while not self.done and (left := self.deadline - time.monotonic()) > 0:
                with contextlib.suppress(queue.Empty):
                    number, state = self.changes.get(timeout=left)
                    self.states[number] = state
                    yield self.states
        finally:
            self.stopped.set()
            self.client.close()
            for watch in watches:
                watch.join(1)


class _Watch(threading.Thread):
    """Requests the endpoints of one URL, and puts its state with its number into the changes."""

    def __init__(self, rollout: Rollout, number: int) -> None:
        super().__init__(daemon=True)
        self.rollout = rollout
        self.number = number
        self.state = rollout.states[number]
        self.base = self.state.url.rstrip("/") + "/"

    def run(self) -> None:
        while not self._is_done() and time.monotonic() < self.rollout.deadline:
            if self.rollout.stopped.wait(INTERVAL_SECONDS):
                return

    def _is_done(self) -> bool:
        # first one endpoint, then the other: asked in turn, a load balancer that goes round would
        # always give the same processes to the same endpoint
        times = self.rollout.times
        asked = [self._version] * times + [self._heartbeat] * times
        for number, ask in enumerate(asked, 1):
            if wrong := ask():
                # where only the time was up, what it answered before says more
                if time.monotonic() < self.rollout.deadline or self.state.text == NO_ANSWER:
                    self._set(wrong)
                return False
            if number < len(asked):
                self._set(f"{number} of {len(asked)} answers in a row are right", right=number)
        self._set("it is the new build, and works", done=True, right=len(asked))
        return True

    def _set(self, text: str, *, right: int = 0, done: bool = False) -> None:
        self.state = self.state._replace(
            text=printable(scrub(text), TEXT_LIMIT), right=right, done=done
        )
        self.rollout.changes.put((self.number, self.state))

    def _get(self, path: str) -> Answer:
        headers = {"User-Agent": "dockerflow-rollout", "Cache-Control": "no-cache"}
        if self.rollout.token and path == "__heartbeat__":
            headers["Authorization"] = f"Bearer {self.rollout.token}"
        left = self.rollout.deadline - time.monotonic()
        seconds = max(min(ANSWER_SECONDS, left), 0.01)
        return self.rollout.client.get(self.base + path, headers, seconds)

    def _version(self) -> str | None:
        """Request the version, and return what is wrong with it."""
        answer = self._get("__version__")
        if not answer.status:
            return f"/__version__: {answer}"
        if answer.status != 200:
            return f"/__version__ answers {answer}"
        found = _object(answer)
        if found is None:
            return "/__version__ does not answer with a JSON object"
        self.state = self.state._replace(version={key: found.get(key) for key in KEYS})
        for key, expected in self.rollout.expected.items():
            if not is_same(key, found.get(key), expected):
                shown = json.dumps(found[key]) if key in found else "missing"
                return f"{key} is {shown}, not {json.dumps(expected)}"
        return None

    def _heartbeat(self) -> str | None:
        """Request the heartbeat, and return what is wrong with it."""
        answer = self._get("__heartbeat__")
        if not answer.status:
            return f"/__heartbeat__: {answer}"
        if not 200 <= answer.status < 300:
            hint = "; it shows no details for this token"
            if self.rollout.token is None:
                hint = "; with --token it says which check"
            return f"/__heartbeat__ answers {answer}{_reasons(_object(answer), hint)}"
        if answer.is_page():
            return f"/__heartbeat__ answers {answer}, with a page and not the result of a check"
        return None


def expected_build(given: Mapping[str, str | None]) -> dict[str, str]:
    """Return what of ``given``, by the keys of a version object, has a value.

    Raises ValueError where one is empty, as an unset variable is, or can't be right.
    """
    found = {key: value.strip() for key, value in given.items() if value is not None}
    for key, value in found.items():
        if not value:
            raise ValueError(f"--{key} is empty: is the variable set?")
        if wrong := problem(found, key):
            raise ValueError(wrong)
    return found


def is_same(key: str, found: object, expected: str) -> bool:
    """Return whether a value is the expected one; a commit may be abbreviated on either side."""
    if key != "commit" or not isinstance(found, str):
        return found == expected
    short, long = sorted((found.lower(), expected.lower()), key=len)
    return len(short) >= 7 and long.startswith(short)


def _object(answer: Answer) -> dict[str, Any] | None:
    found = answer.json()
    return found if isinstance(found, dict) else None


def _reasons(heartbeat: Mapping[str, Any] | None, hint: str) -> str:
    """Return which checks failed, or ``hint`` where the answer doesn't say it."""
    if heartbeat is None or not isinstance(overall := heartbeat.get("status"), str):
        return ""
    checks = heartbeat.get("checks")
    if not isinstance(checks, dict):
        return f" ({overall})" if overall == "draining" else f" ({overall}){hint}"
    details = heartbeat.get("details")
    texts = []
    for name, status in checks.items():
        if status == "ok":
            continue
        detail = details.get(name) if isinstance(details, dict) else None
        messages = detail.get("messages") if isinstance(detail, dict) else None
        text = " ".join(map(str, messages.values())) if isinstance(messages, dict) else ""
        texts.append(f"{name}: {status}: {text}" if text else f"{name}: {status}")
    return f" ({'; '.join(texts) or overall})"
