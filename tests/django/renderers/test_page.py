"""The heartbeat as a page for people: who gets it, what it shows, and what it may not do."""

import base64
import hashlib
import html
import json
import re

import pytest

from dockerflow import health
from tests.support.browser import BROWSERS, wsgi
from tests.support.sample_checks import informs

HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
TOKEN = "a-token-of-the-tests-1"
SAMPLES = "tests.support.sample_checks"


def basic(password, user="somebody"):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def text(response):
    """What the page shows, one line for each piece of text."""
    body = re.sub(
        r"<style>.*?</style>|<!doctype html>", "", response.content.decode(), flags=re.DOTALL
    )
    body = re.sub(r"<head>.*?</head>", "", body, flags=re.DOTALL)
    pieces = [html.unescape(piece).strip() for piece in re.split(r"<[^>]+>", body)]
    # A check may have been in its state since another test.
    pieces = [re.sub(r"^for .*", "for # s", piece) for piece in pieces if piece]
    return [re.sub(r"[\d.]+ (ms|s)\b", r"# \1", piece) for piece in pieces]


@pytest.fixture
def checks(settings):
    settings.DOCKERFLOW_CHECKS = [f"{SAMPLES}.passes", f"{SAMPLES}.fails", f"{SAMPLES}.informs"]
    settings.DOCKERFLOW_OPTIONAL_CHECKS = [f"{SAMPLES}.warns"]


@pytest.fixture
def for_everybody(settings):
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"


@pytest.fixture
def with_a_token(settings):
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "never"
    settings.DOCKERFLOW_HEARTBEAT_TOKEN = TOKEN


@pytest.fixture
def drain(settings, tmp_path):
    settings.DOCKERFLOW_DRAIN_FILE = tmp_path / "drain"
    settings.DOCKERFLOW_DRAIN_FILE.touch()
    return settings.DOCKERFLOW_DRAIN_FILE


@pytest.fixture
def build(settings, tmp_path):
    settings.BASE_DIR = tmp_path
    version_object = {
        "source": "https://github.com/shop/web",
        "version": "1.4.0",
        "commit": "4e6cdab0c1d2e3f405162738495a6b7c8d9e0f10",
        "build": "https://ci.example.com/shop/builds/412",
    }
    (tmp_path / "version.json").write_text(json.dumps(version_object))


@pytest.mark.parametrize("browser", BROWSERS.values(), ids=BROWSERS)
def test_a_browser_gets_the_page_with_the_status_of_the_json(
    browser, wiring, checks, for_everybody
):
    page = browser("/__heartbeat__", accept=HTML)
    answer = browser("/__heartbeat__", accept="*/*")

    assert (page.status_code, page.headers["Content-Type"], page.headers["Cache-Control"]) == (
        500,
        "text/html; charset=utf-8",
        "no-store",
    )
    assert (answer.status_code, answer.json()["status"]) == (500, "error")


def test_failing_checks_come_first_and_say_what_to_do(checks, for_everybody, build):
    shown = text(wsgi("/__heartbeat__", accept=HTML))

    place = shown.index("Version")
    assert shown[0] == "Failing"
    assert shown[place : place + 8] == [
        *("Version", "1.4.0", "Commit", "4e6cdab0c1d2"),
        *("Build", "builds/412", "Source", "shop/web"),
    ]
    rows = shown[shown.index("Failing", 1) : -1]
    assert [row for row in rows if row not in {"·", "# ms", "# ms ·"}] == [
        *("Failing", "error", "fails", "for # s", "down", "tests.E001"),
        *("warning", "warns", "optional", "for # s", "beware", "tests.W001"),
        *("Passing", "ok", "passes", "for # s"),
        *("info", "informs", "for # s", "by the way", "tests.I001"),
    ]


def test_commit_version_build_and_source_are_links(checks, for_everybody, build):
    page = wsgi("/__heartbeat__", accept=HTML).content.decode()

    assert re.findall(r'href="([^"]+)"', page) == [
        "https://github.com/shop/web/tree/1.4.0",
        "https://github.com/shop/web/commit/4e6cdab0c1d2e3f405162738495a6b7c8d9e0f10",
        "https://ci.example.com/shop/builds/412",
        "https://github.com/shop/web",
    ]


def test_a_message_of_ours_says_what_to_do(settings, for_everybody):
    settings.DOCKERFLOW_CHECKS = [f"{SAMPLES}.gives_away_a_password"]
    shown = text(wsgi("/__heartbeat__", accept=HTML))

    assert "gives_away_a_password raised OSError: cannot reach postgres://***@db" in shown
    place = shown.index("dockerflow.health.C002")
    assert shown[place + 1] == (
        "Correct the check, or the code that it calls. The log record from the start of this"
        " failure has the traceback."
    )


def test_without_the_right_to_details_a_browser_gets_the_json_of_everybody(checks, with_a_token):
    answer = wsgi("/__heartbeat__", accept=HTML)

    assert (answer.status_code, answer.json()) == (500, {"status": "error"})


@pytest.mark.parametrize("browser", BROWSERS.values(), ids=BROWSERS)
def test_details_without_the_right_to_them_ask_for_the_token(browser, wiring, checks, with_a_token):
    answer = browser("/__heartbeat__?details", accept=HTML)

    assert (answer.status_code, answer.headers["WWW-Authenticate"], answer.json()) == (
        401,
        'Basic realm="heartbeat", charset="UTF-8"',
        {"error": "details need the token of the heartbeat: as a Bearer token, or as a password"},
    )


@pytest.mark.parametrize(
    "authorization",
    [
        basic(TOKEN),
        basic(TOKEN, user=""),
        basic(TOKEN).replace("Basic", "basic"),
        f"Bearer {TOKEN}",
    ],
)
def test_the_token_opens_the_page(checks, with_a_token, authorization):
    page = wsgi("/__heartbeat__?details", accept=HTML, authorization=authorization)

    assert (page.status_code, text(page)[0]) == (500, "Failing")


@pytest.mark.parametrize(
    "authorization",
    [
        basic("another"),
        basic(""),
        basic(TOKEN[:-1]),
        basic(f"{TOKEN}:"),
        "Basic ",
        "Basic %%%",
        "Basic /w==",
        "Basic " + base64.b64encode(TOKEN.encode()).decode(),
        f"Digest {TOKEN}",
        TOKEN,
    ],
)
def test_nothing_else_opens_it(checks, with_a_token, authorization):
    options = {"accept": HTML, "authorization": authorization}

    assert wsgi("/__heartbeat__?details", **options).status_code == 401
    assert wsgi("/__heartbeat__", **options).json() == {"status": "error"}


def test_without_a_token_nobody_is_asked_for_one(checks, settings):
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "never"
    answer = wsgi("/__heartbeat__?details", accept=HTML)

    assert (answer.status_code, answer.json()) == (500, {"status": "error"})


def test_a_head_has_the_headers_and_no_page(checks, for_everybody):
    head = wsgi("/__heartbeat__", method="HEAD", accept=HTML)

    assert (head.status_code, head.content) == (500, b"")
    assert head.headers["Content-Type"] == "text/html; charset=utf-8"
    assert int(head.headers["Content-Length"]) > 1000


def test_the_policy_allows_the_pages_own_style_and_nothing_else(checks, for_everybody):
    page = wsgi("/__heartbeat__", accept=HTML)
    [style] = re.findall(r"<style>(.*?)</style>", page.content.decode(), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert page.headers["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    )
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert not re.search(r"<script|\bsrc=|<link|url\(|@import|\bon\w+=", page.content.decode())


def test_what_a_check_reports_is_text_and_never_markup(settings, for_everybody, monkeypatch):
    settings.DOCKERFLOW_CHECKS = [f"{SAMPLES}.informs"]
    hostile = '<script>alert("1")</script>\nsecond line'

    def hostile_check(app_configs, **kwargs):
        [message] = informs(app_configs)
        message.msg, message.hint = hostile, "<b>hint</b>"
        return [message]

    monkeypatch.setattr(f"{SAMPLES}.informs", hostile_check)
    page = wsgi("/__heartbeat__", accept=HTML).content.decode()

    assert "<script" not in page
    assert "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;<br>second line" in page
    assert "&lt;b&gt;hint&lt;/b&gt;" in page


def test_a_broken_version_object_does_not_break_the_page(checks, for_everybody, settings, tmp_path):
    settings.BASE_DIR = tmp_path
    (tmp_path / "version.json").write_text("{")
    page = wsgi("/__heartbeat__", accept=HTML)

    assert (page.status_code, text(page)[0]) == (500, "Failing")
    assert "Version" not in text(page)


@pytest.mark.parametrize("browser", BROWSERS.values(), ids=BROWSERS)
def test_a_draining_process_shows_its_file(browser, wiring, for_everybody, drain):
    page = browser("/__heartbeat__", accept=HTML)
    notice = f"The file {drain} exists. No check is run until it is removed."

    assert (page.status_code, text(page)[0]) == (500, "Draining")
    assert notice in text(page)


def test_the_page_needs_nothing_of_the_project(checks, for_everybody, settings):
    settings.TEMPLATES = []
    settings.INSTALLED_APPS = ["dockerflow.django"]
    settings.STATIC_URL = None
    settings.LANGUAGE_CODE, settings.TIME_ZONE, settings.USE_TZ = "de", "Asia/Tokyo", False
    settings.USE_THOUSAND_SEPARATOR = True
    page = wsgi("/__heartbeat__", accept=HTML)

    assert (page.status_code, text(page)[0]) == (500, "Failing")
    assert 'http-equiv="refresh" content="10"' in page.content.decode()


def test_every_message_of_ours_has_advice():
    ids = [value for value in vars(health).values() if isinstance(value, str)]

    assert set(health.ADVICE) == {value for value in ids if value.startswith("dockerflow.health.")}
