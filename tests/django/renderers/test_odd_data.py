"""What JSON takes, the page and the metrics take; a version callback may wait in all of them."""

import asyncio
import json

import pytest
from django.core import checks
from django.db import connection
from django.utils.safestring import mark_safe

from dockerflow.django.checks import subjects
from tests.support.browser import BROWSERS

FORMS = {
    "JSON": "application/json",
    "page": "text/html",
    "OpenMetrics": "application/openmetrics-text;version=1.0.0",
    "Prometheus text": "text/plain;version=0.0.4",
}


@pytest.fixture(params=FORMS)
def form(request):
    return request.param


@pytest.fixture(params=BROWSERS)
def ask(request, settings, form):
    """Asks for a heartbeat that passes, in each form and from either kind of server."""
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"
    settings.DOCKERFLOW_CHECKS = []

    def ask():
        answer = BROWSERS[request.param]("/__heartbeat__", accept=FORMS[form])
        assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (
            200,
            FORMS[form].partition(";")[0],
        )
        return answer.content.decode()

    return ask


def informs(app_configs, **kwargs):
    return [checks.Info("cannot read caf\udce9", hint="rename caf\udce9", id="tests.I\udce9")]


@subjects("folder", lambda: ["caf\udce9"])
def reads(app_configs, folder, **kwargs):
    return []


def test_lone_surrogates_are_shown_as_escapes(ask, settings):
    settings.DOCKERFLOW_CHECKS = [f"{__name__}.informs", f"{__name__}.reads"]

    assert "udce9" in ask()


def is_safe_by_its_own_account(app_configs, **kwargs):
    markup = mark_safe("<b>bold</b>")
    return [checks.Info(markup, hint=markup, id=markup)]


def test_the_page_shows_markup_in_a_message_as_text(settings):
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"
    settings.DOCKERFLOW_CHECKS = [f"{__name__}.is_safe_by_its_own_account"]
    page = BROWSERS["sync"]("/__heartbeat__", accept="text/html").content.decode()

    assert (page.count("<b>"), page.count("&lt;b&gt;bold&lt;/b&gt;")) == (0, 3)


@pytest.mark.parametrize(
    "source",
    [
        "https://[oops/x",
        "https://github.com/a/caf\ud800",
        "//[",
        "http://h:99999999/",
        "",
        [],
        {},
        7,
    ],
)
def test_whatever_the_version_object_holds(ask, settings, tmp_path, source):
    settings.BASE_DIR = tmp_path
    (tmp_path / "version.json").write_text(
        json.dumps({"source": source, "version": source, "commit": source, "build": source})
    )

    assert ask()


def where_it_runs(base_dir):
    """A version object whose version says whether the callback may wait and use the database."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 'in-a-thread'")
            return {"version": cursor.fetchone()[0]}
    return {"version": "on-the-loop"}


@pytest.mark.django_db
def test_a_version_callback_may_use_the_database(ask, form, settings):
    settings.DOCKERFLOW_VERSION_CALLBACK = f"{__name__}.where_it_runs"
    shown = ask()

    assert ("in-a-thread" in shown) is (form != "JSON")
    assert "on-the-loop" not in shown
