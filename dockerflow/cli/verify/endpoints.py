"""The endpoints of a running application, requested from outside."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from dockerflow.cli.printing import printable
from dockerflow.cli.probe import NO_JSON, Answer, check_base_url, get
from dockerflow.cli.verify import static
from dockerflow.cli.verify.requirements import Outcome, failed, passed, unchecked
from dockerflow.version import problems

if TYPE_CHECKING:
    from collections.abc import Mapping

HEARTBEAT = "__heartbeat__"
LBHEARTBEAT = "__lbheartbeat__"
VERSION = "__version__"
# To show that the process is up takes milliseconds; a second means that it waits for something, and
# is how long Kubernetes waits by default.
LBHEARTBEAT_SECONDS = 1.0
# how Django, Starlette, Werkzeug, ASP.NET, Rails and Vite refuse a host name
HOST_REFUSED = re.compile(
    rb"Bad Request \(400\)|DisallowedHost|invalid host|is not trusted|blocked (?:host|request)",
    re.IGNORECASE,
)
FIX_HOST = (
    "Let it accept this host name (Django: ALLOWED_HOSTS), or answer before the host is checked "
    "(Django: DockerflowMiddleware first in MIDDLEWARE): probes use the address of the container."
)
FIX_CATCH_ALL = "Give it a route of its own, before the one that answers every path."
FIX_NO_ANSWER = "Start it, or give verify the address at which it answers."
FIXES = {
    301: "Answer before anything that redirects: probes speak HTTP and follow no redirect.",
    302: "Answer before anything that asks for a login or redirects.",
    401: "Answer without a login.",
    403: "Answer without a login, to any client.",
    404: "Add the route; where the application lives under a path, give verify the URL with it.",
    405: "Answer the method GET.",
}
FIXES |= {303: FIXES[302], 307: FIXES[302], 308: FIXES[301]}


class Site:
    """An application at a base URL; ``timeout`` in seconds bounds each answer.

    Raises ValueError where ``url`` can't be requested.
    """

    def __init__(self, url: str, timeout: float) -> None:
        check_base_url(url)
        self.url = url.rstrip("/") + "/"
        self.host = urlsplit(url).hostname
        self.timeout = timeout

    def get(self, path: str, timeout: float | None = None) -> Answer:
        """Return the answer for ``path``."""
        return get(urljoin(self.url, path), timeout or self.timeout)


class CatchAll(NamedTuple):
    """The answer for a path that no application has; one of 200 is that for every path."""

    path: str
    answer: Answer

    def flaw(self, path: str, answer: Answer) -> str | None:
        """Return what is wrong with the answer for ``path`` if it is the one for any path.

        It may contain the path. JSON is compared by its keys: the values may be of the moment.
        """
        if (self.answer.status, answer.status) != (200, 200):
            return None
        if answer.headers.get_content_type() != self.answer.headers.get_content_type():
            return None
        found, expected = answer.json(), self.answer.json()
        objects = isinstance(found, dict) and isinstance(expected, dict)
        without_path = answer.body.replace(path.encode(), b"")
        if (objects and found.keys() == expected.keys()) or (
            without_path == self.answer.body.replace(self.path.encode(), b"")
        ):
            return f"{answer}, as for a path that doesn't exist"
        return None


def check(site: Site, version_file: Mapping[str, Any] | None = None) -> dict[str, Outcome]:
    """Return the outcomes of what the endpoints answer.

    ``version_file`` is the content of version.json, where it is known.
    """
    first = site.get(LBHEARTBEAT)
    lbheartbeats = [first]
    if first.status:
        lbheartbeats += [site.get(LBHEARTBEAT) for _ in range(2)]
    heartbeat = site.get(HEARTBEAT)
    path = f"__{secrets.token_hex(8)}__"
    catch_all = CatchAll(path, site.get(path))
    outcomes = {
        "heartbeat": _heartbeat(site, heartbeat, catch_all),
        "lbheartbeat": _lbheartbeat(site, first, catch_all),
        "static": static.check(site, catch_all),
    }
    conforms = outcomes["lbheartbeat"].passed
    outcomes["lbheartbeat-backing"] = _lbheartbeat_backing(lbheartbeats, heartbeat, conforms)
    outcomes |= _version(site, catch_all, version_file)
    if not (first.status or heartbeat.status or catch_all.answer.status):
        for name in [name for name, outcome in outcomes.items() if outcome.passed is False]:
            outcomes[name] = failed(outcomes[name].found, FIX_NO_ANSWER)
    return outcomes


def _heartbeat(site: Site, answer: Answer, catch_all: CatchAll) -> Outcome:
    if answer.status != 200 and not 500 <= answer.status < 600:
        return _wrong_status(site, answer)
    if answer.status == 200 and (flaw := _no_check(HEARTBEAT, answer, catch_all)):
        return failed(flaw, FIX_CATCH_ALL)
    if answer.headers.get_content_type() == "application/json" and answer.json() is NO_JSON:
        return failed(f"{answer}, with broken JSON: {_excerpt(answer)}", "Send a JSON document.")
    return passed(answer.timed())


def _lbheartbeat(site: Site, answer: Answer, catch_all: CatchAll) -> Outcome:
    if answer.status != 200:
        return _wrong_status(site, answer)
    if flaw := _no_check(LBHEARTBEAT, answer, catch_all):
        return failed(flaw, FIX_CATCH_ALL)
    return passed(answer.timed())


def _lbheartbeat_backing(
    answers: list[Answer], heartbeat: Answer, conforms: bool | None
) -> Outcome:
    answered = [answer for answer in answers if answer.status]
    if not answered:
        return unchecked("it did not answer")
    if answered[0].status >= 500 and heartbeat.status >= 500:
        return failed(
            f"it answers {answered[0]} while the heartbeat answers {heartbeat}: with a backing "
            "service down, the load balancer takes every container out"
        )
    if not conforms:
        return unchecked(f"it answered {answered[0]}, but is no load balancer check")
    fastest = min(answer.seconds for answer in answered)
    if fastest > LBHEARTBEAT_SECONDS:
        return failed(f"the fastest of {len(answered)} answers took {fastest:.1f} s")
    return passed(f"the fastest of {len(answered)} answers took {fastest * 1000:.0f} ms")


def _wrong_status(site: Site, answer: Answer) -> Outcome:
    """Return a failure with what to do about just this status."""
    if answer.status in {400, 403} and HOST_REFUSED.search(answer.body):
        return failed(f"{answer}: it does not accept the host name {site.host}", FIX_HOST)
    return failed(str(answer), FIXES.get(answer.status))


def _no_check(path: str, answer: Answer, catch_all: CatchAll) -> str | None:
    """Return why an answer of 200 is not the result of a check, if it is not."""
    if answer.is_page():
        return f"{answer}, with a page and not the result of a check: {_excerpt(answer)}"
    return catch_all.flaw(path, answer)


def _version(
    site: Site, catch_all: CatchAll, version_file: Mapping[str, Any] | None
) -> dict[str, Outcome]:
    answer = site.get(VERSION)
    found: Any = NO_JSON
    if answer.status != 200:
        outcome = _wrong_status(site, answer)
    elif flaw := catch_all.flaw(VERSION, answer):
        outcome = failed(flaw, FIX_CATCH_ALL)
    else:
        found = answer.json()
        if found is NO_JSON:
            outcome = failed(f"{answer}, which is not JSON: {_excerpt(answer)}")
        elif not isinstance(found, dict):
            outcome = failed(f"{answer}, with JSON that is no object: {_excerpt(answer)}")
        elif version_file is not None and found != version_file:
            outcome = failed(f"{answer}, with another content than version.json")
        elif version_file is not None:
            outcome = passed(f"{answer}, with the content of version.json")
        else:
            outcome = passed(f"{answer}, with a JSON object")
    if not isinstance(found, dict):
        return {"version": outcome, "version-keys": unchecked("there is no object to check")}
    wrong = problems(found)
    keys = failed(" ".join(wrong)) if wrong else passed(", ".join(found))
    return {"version": outcome, "version-keys": keys}


def _excerpt(answer: Answer) -> str:
    """Return the beginning of the body, in quotes."""
    return repr(printable(answer.body[:200].decode(errors="replace"), 60))
