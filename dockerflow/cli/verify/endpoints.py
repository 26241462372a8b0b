"""The endpoints of a running application, asked from outside."""

from __future__ import annotations

import html.parser
import json
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

from dockerflow.cli.probe import Answer, NoAnswerError, get
from dockerflow.cli.verify.requirements import Outcome, failed, passed, unchecked
from dockerflow.version import problems

if TYPE_CHECKING:
    from collections.abc import Mapping

# What only says that the process is up takes some milliseconds; a second means that it waits for
# something.
LBHEARTBEAT_SECONDS = 1.0
ASSETS = 3
NO_JSON = object()


class Site:
    """An application at a base URL, asked for one path at a time."""

    def __init__(self, url: str, timeout: float) -> None:
        self.url = url.rstrip("/") + "/"
        self.timeout = timeout

    def get(self, path: str) -> Answer | str:
        """Return the answer, or what came instead."""
        try:
            return get(urljoin(self.url, path), self.timeout)
        except NoAnswerError as error:
            return str(error)


def check(
    url: str, timeout: float, version_file: Mapping[str, Any] | None = None
) -> dict[str, Outcome]:
    """Return what the answers of the application at ``url`` show, each within ``timeout`` seconds.

    ``version_file`` is the content of its version.json, where it is known. Raises ValueError where
    ``url`` can't be asked.
    """
    site = Site(url, timeout)
    lbheartbeats = [site.get("__lbheartbeat__")]
    if isinstance(lbheartbeats[0], Answer):
        lbheartbeats += [site.get("__lbheartbeat__") for _ in range(2)]
    heartbeat = site.get("__heartbeat__")
    # a path that no application has: who says 200 to it says 200 to anything
    nowhere = site.get(f"__{secrets.token_hex(8)}__")
    outcomes = {
        "heartbeat": _heartbeat(heartbeat, nowhere),
        "lbheartbeat": _lbheartbeat(lbheartbeats[0], nowhere),
        "lbheartbeat-backing": _lbheartbeat_backing(lbheartbeats, heartbeat),
        "static": _static(site),
    }
    return outcomes | _version(site.get("__version__"), version_file)


def _heartbeat(answer: Answer | str, nowhere: Answer | str) -> Outcome:
    if isinstance(answer, str):
        return failed(answer)
    if answer.status != 200 and not 500 <= answer.status < 600:
        return failed(str(answer))
    if answer.status == 200 and (flaw := _says_nothing(answer, nowhere)):
        return failed(flaw)
    if answer.headers.get_content_type() == "application/json" and _json(answer) is NO_JSON:
        return failed(f"{answer}, with JSON that is none: {_excerpt(answer)}")
    return passed(_timed(answer))


def _lbheartbeat(answer: Answer | str, nowhere: Answer | str) -> Outcome:
    if isinstance(answer, str):
        return failed(answer)
    if answer.status != 200:
        return failed(str(answer))
    if flaw := _says_nothing(answer, nowhere):
        return failed(flaw)
    return passed(_timed(answer))


def _lbheartbeat_backing(answers: list[Answer | str], heartbeat: Answer | str) -> Outcome:
    answered = [answer for answer in answers if isinstance(answer, Answer)]
    if not answered:
        return unchecked("it did not answer")
    if answered[0].status >= 500 and isinstance(heartbeat, Answer) and heartbeat.status >= 500:
        return failed(
            f"it answers {answered[0]} while the heartbeat answers {heartbeat}: with a backing "
            "service down, the load balancer takes every container out"
        )
    if answered[0].status != 200:
        return unchecked(f"it answered {answered[0]}")
    fastest = min(answer.seconds for answer in answered)
    if fastest > LBHEARTBEAT_SECONDS:
        return failed(f"the fastest of {len(answered)} answers took {fastest:.1f} s")
    return passed(f"the fastest of {len(answered)} answers took {fastest * 1000:.0f} ms")


def _says_nothing(answer: Answer, nowhere: Answer | str) -> str | None:
    if answer.body.lstrip()[:1] == b"<":
        return f"{answer}, with a page where a check belongs: {_excerpt(answer)}"
    if isinstance(nowhere, Answer) and (nowhere.status, nowhere.body) == (200, answer.body):
        return f"{answer}, but so answers a path that doesn't exist"
    return None


def _version(answer: Answer | str, version_file: Mapping[str, Any] | None) -> dict[str, Outcome]:
    found: Any = NO_JSON
    if isinstance(answer, str):
        outcome = failed(answer)
    elif answer.status != 200:
        outcome = failed(str(answer))
    else:
        found = _json(answer)
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
        return {"version": outcome, "version-keys": unchecked("there is no object to look at")}
    wrong = problems(found)
    keys = failed(" ".join(wrong)) if wrong else passed(", ".join(found))
    return {"version": outcome, "version-keys": keys}


def _static(site: Site) -> Outcome:
    page = site.get("")
    if isinstance(page, str) or page.status != 200 or page.body.lstrip()[:1] != b"<":
        return unchecked("/ is not a page that could name a file")
    finder = _Assets()
    finder.feed(page.body.decode(errors="replace"))
    urls = [url for path in finder.paths if (url := _own(site, path))]
    if not urls:
        return unchecked("the page / names no file of this host")
    for url in urls[:ASSETS]:
        answer = site.get(url)
        if isinstance(answer, str) or answer.status != 200:
            return failed(f"{urlsplit(url).path}, which the page / names: {answer}")
    return passed(f"{urlsplit(urls[0]).path} and what else the page / names")


def _own(site: Site, path: str) -> str | None:
    try:
        url = urljoin(site.url, quote(path, safe="/:?#[]@!$&'()*+,;=%~"))
        return url if urlsplit(url).netloc == urlsplit(site.url).netloc else None
    except ValueError:
        return None


class _Assets(html.parser.HTMLParser):
    """Finds the style sheets, scripts and images that a page names."""

    def __init__(self) -> None:
        super().__init__()
        self.paths: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        path = None
        if tag in {"script", "img"}:
            path = found.get("src")
        elif tag == "link" and found.get("rel") == "stylesheet":
            path = found.get("href")
        if path and not path.startswith("data:"):
            self.paths.append(path)


def _json(answer: Answer) -> Any:
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return NO_JSON


def _timed(answer: Answer) -> str:
    return f"{answer} in {answer.seconds * 1000:.0f} ms"


def _excerpt(answer: Answer) -> str:
    text = " ".join(answer.body[:200].decode(errors="replace").split())
    return repr(text[:57] + "..." if len(text) > 60 else text)
