"""The page in a real browser. With PICTURES=docs/images, the pictures of the docs are made anew."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.support.web import Server

pytestmark = pytest.mark.once

SAMPLES = "tests.support.sample_checks"
WIDE, NARROW = "--window-size=1100,760", "--window-size=500,1100"
DARK = "--blink-settings=preferredColorScheme=0"
VERSION_OBJECT = {
    "source": "https://github.com/acme/shop",
    "version": "2026.11.3",
    "commit": "4e6cdab0c1d2e3f405162738495a6b7c8d9e0f10",
    "build": "https://ci.example.com/acme/shop/builds/412",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Serves the page to everybody; the file ``hang`` makes a check hang, ``fail`` another fail."""
    folder = tmp_path_factory.mktemp("app")
    (folder / "version.json").write_text(json.dumps(VERSION_OBJECT))
    server = Server(
        *("gunicorn", "--threads=4", "--bind=127.0.0.1:{port}", "--access-logfile=-"),
        "django.core.wsgi:get_wsgi_application()",
        BASE_DIR=str(folder),
        SWITCHES=str(folder),
        DOCKERFLOW_CHECKS=f"check_database_connected,check_migrations_applied,{SAMPLES}.can_hang",
        DOCKERFLOW_OPTIONAL_CHECKS=f"{SAMPLES}.can_fail",
        DOCKERFLOW_HEARTBEAT_DETAILS="always",
        DOCKERFLOW_HEARTBEAT_TIMEOUT="1",
        DOCKERFLOW_DRAIN_FILE=str(folder / "drain"),
        DOCKERFLOW_HEARTBEAT_FAIL_LEVEL="error",
        DATABASE_URL=f"sqlite:///{folder}/db.sqlite3",
    )
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--skip-checks", "--verbosity=0"],
        env={**os.environ, **server.environment(), "SWITCHES": str(folder)},
        check=True,
    )
    with server:
        server.switches = folder
        yield server


STATES = {
    "passing": ([], [WIDE]),
    "failing": (["fail", "hang"], [WIDE]),
    "dark": (["fail", "hang"], [WIDE, DARK]),
    "narrow": (["fail", "hang"], [NARROW]),
    "draining": (["drain"], [WIDE]),
}


@pytest.fixture(params=STATES)
def state(request, server):
    switches, options = STATES[request.param]
    for name in switches:
        (server.switches / name).touch()
    yield request.param, options
    for name in switches:
        (server.switches / name).unlink()


PAPER = {"dark": (15, 19, 23)}
WORDS = {"passing": "Passing", "draining": "Draining"}


def test_the_page_shows_its_state_at_a_glance(server, chromium, state, tmp_path):
    name, options = state
    url = f"http://127.0.0.1:{server.port}/__heartbeat__"
    picture = Path(os.environ.get("PICTURES", tmp_path)) / f"heartbeat-{name}.png"
    page = chromium.dump_dom(url)
    chromium.screenshot(url, picture, *options)

    assert f">{WORDS.get(name, 'Failing')}</h1>" in page
    with Image.open(picture) as image:
        pixels = image.convert("RGB")
    assert pixels.getpixel((2, 2)) == PAPER.get(name, (255, 255, 255))
    assert len(pixels.getcolors(1 << 24)) > 20  # not a blank page


def test_a_hanging_check_is_named_first(server, chromium):
    (server.switches / "hang").touch()
    page = chromium.dump_dom(f"http://127.0.0.1:{server.port}/__heartbeat__")
    (server.switches / "hang").unlink()
    names = re.findall(r'class="name">(\w+)', page)

    assert names == [
        *("can_hang", "check_database_connected", "check_migrations_applied", "can_fail")
    ]


def test_the_browser_loads_nothing_but_the_page(server, chromium):
    before = len(server.output)
    chromium.dump_dom(f"http://127.0.0.1:{server.port}/__heartbeat__")
    asked = re.findall(r'"GET (\S+) HTTP', server.output[before:])

    assert set(asked) - {"/favicon.ico"} == {"/__heartbeat__"}


def test_a_narrow_page_does_not_scroll_sideways(server, chromium, tmp_path):
    script = "document.title = document.documentElement.scrollWidth + ' ' + innerWidth"
    frame = tmp_path / "frame.html"
    page = chromium.dump_dom(f"http://127.0.0.1:{server.port}/__heartbeat__")
    frame.write_text(page.replace("</body>", f"<script>{script}</script></body>"))
    [needed, there] = re.findall(
        r"<title>(\d+) (\d+)", chromium.dump_dom(frame.as_uri(), "--window-size=390,800")
    )[0]

    assert int(needed) <= int(there)
