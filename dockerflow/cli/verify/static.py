"""The static content of a running application: what its page / names must be there."""

from __future__ import annotations

import html.parser
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin, urlsplit

from dockerflow.cli.verify.requirements import Outcome, failed, passed, unchecked

if TYPE_CHECKING:
    from dockerflow.cli.probe import Answer
    from dockerflow.cli.verify.endpoints import CatchAll, Site

FILES = 3


def check(site: Site, catch_all: CatchAll) -> Outcome:
    """Return the outcome of requests for the first files of this host that the page / names."""
    page = site.get("")
    if page.status != 200:
        return unchecked(f"/ answers with no page: {page}")
    if not page.is_page():
        return unchecked("/ is not a page that could name a file")
    finder = _Finder()
    finder.feed(page.body.decode(errors="replace"))
    base = _join(site.url, finder.base or "") or site.url
    named = dict.fromkeys(url for path in finder.paths if (url := _join(base, path)))
    urls = [url for url in named if urlsplit(url).netloc == urlsplit(site.url).netloc]
    if not urls:
        return unchecked("the page / names no file of this host")
    for url in urls[:FILES]:
        if flaw := _flaw(url, site.get(url), catch_all):
            return failed(f"{urlsplit(url).path}, which the page / names: {flaw}")
    return passed(f"{urlsplit(urls[0]).path} and what else the page / names")


def _flaw(url: str, answer: Answer, catch_all: CatchAll) -> str | None:
    if answer.status != 200:
        return str(answer)
    if answer.headers.get_content_type() == "text/html":
        return f"{answer}, with a page and not the file"
    return catch_all.flaw(urlsplit(url).path.lstrip("/"), answer)


def _join(base: str, path: str) -> str | None:
    try:
        return urljoin(base, quote(path.strip(), safe="/:?#[]@!$&'()*+,;=%~"))
    except ValueError:
        return None


class _Finder(html.parser.HTMLParser):
    """Finds the style sheets, scripts and images that a page names, and its base."""

    def __init__(self) -> None:
        super().__init__()
        self.base: str | None = None
        self.paths: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        path = None
        if tag == "base" and self.base is None:
            self.base = found.get("href")
        elif tag in {"script", "img"}:
            path = found.get("src")
        elif tag == "link" and "stylesheet" in (found.get("rel") or "").lower().split():
            path = found.get("href")
        if path and not path.startswith("data:"):
            self.paths.append(path)
