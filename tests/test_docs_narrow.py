"""The documentation on a phone: real Chromium measures what Sphinx has built."""

import html
import json
import re
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.process import HOST

pytestmark = pytest.mark.once

CHECKOUT = Path(__file__).parents[1]
WIDTH = 390  # CSS pixels, of an iPhone 12 to 15
MEASURE = """<!doctype html>
<title></title>
<script>
const WIDTH = %d;

// Whether a reader gets to see all of an element: it fits the screen, or scrolls there by itself.
function isWithinReach(element) {
  for (let box = element; box && !box.querySelector("h1"); box = box.parentElement) {
    const {overflowX} = getComputedStyle(box);
    if (["auto", "scroll"].includes(overflowX)) return isOnScreen(box);
    if (overflowX != "visible" && box.scrollWidth > box.clientWidth + 1) return false;
  }
  return isOnScreen(element) && element.scrollWidth <= element.clientWidth + 1;
}

function isOnScreen(box) {
  const {left, right} = box.getBoundingClientRect();
  return left >= -1 && right <= WIDTH + 1;
}

const isOption = (word) => /^--?[a-z]/.test(word.textContent);
const isBroken = (word) => word.getClientRects().length > 1 || word.offsetHeight > 1.5 * parseFloat(
  getComputedStyle(word).lineHeight);

function measure(page) {
  const all = (selector) => [...page.querySelectorAll(`article ${selector}`)];
  const first = (elements) => elements.map((element) => element.textContent.trim().slice(0, 60));
  return {
    width: page.documentElement.scrollWidth,
    code: all("pre").length,
    tables: all("table").length,
    options: all("code span.pre").filter(isOption).length,
    cut: first(all("pre, table, dt.sig, img").filter((element) => !isWithinReach(element))),
    broken: first(all("code span.pre").filter(isOption).filter(isBroken)),
  };
}

addEventListener("load", () => {
  const found = {};
  for (const frame of document.querySelectorAll("iframe"))
    found[frame.name] = measure(frame.contentDocument);
  document.title = JSON.stringify(found);
});
</script>
"""


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        """Write nothing to stderr."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory, chromium):
    """What is measured of each page of the documentation, by its name."""
    folder = tmp_path_factory.mktemp("docs")
    sphinx = [sys.executable, "-m", "sphinx", "-q", "-b", "html", "-d", folder / "doctrees"]
    subprocess.run([*sphinx, CHECKOUT / "docs", folder], check=True)
    names = sorted(path.stem for path in (CHECKOUT / "docs").glob("*.rst"))
    frames = [
        f'<iframe name="{name}" src="{name}.html" width="{WIDTH}"></iframe>' for name in names
    ]
    (folder / "measure.html").write_text(MEASURE % WIDTH + "\n".join(frames))
    handler = partial(QuietHandler, directory=folder)
    with ThreadingHTTPServer((HOST, 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        address = f"http://{HOST}:{server.server_port}/measure.html"
        dom = chromium.dump_dom(address, "--hide-scrollbars")
        server.shutdown()
    found = json.loads(html.unescape(re.search("<title>(.*?)</title>", dom, re.DOTALL)[1]))
    assert list(found) == names
    return found


def test_no_page_is_wider_than_the_screen(pages):
    assert {name: page["width"] for name, page in pages.items()} == dict.fromkeys(pages, WIDTH)


def test_nothing_is_cut_without_a_way_to_it(pages):
    assert sum(page["code"] for page in pages.values()) > 100
    assert sum(page["tables"] for page in pages.values()) > 10
    assert {name: page["cut"] for name, page in pages.items() if page["cut"]} == {}


def test_options_do_not_break_at_their_dashes(pages):
    assert sum(page["options"] for page in pages.values()) > 50
    assert {name: page["broken"] for name, page in pages.items() if page["broken"]} == {}
